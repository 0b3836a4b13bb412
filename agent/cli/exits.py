"""Exit codes, and the errors of the command line itself."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What the process tells its caller."""

    PASS = 0
    """Everything passes, or there was nothing to judge."""
    FAIL = 1
    """Something fails."""
    UNSEEN = 2
    """Something could not be seen, and nothing that was seen fails."""
    USAGE = 3
    """The command or the configuration is wrong."""
    INTERRUPTED = 130


class CommandError(Exception):
    """What was asked for cannot be done; the message says what to do."""

    exit_code = Exit.USAGE
