"""What can be wrong with a store; each message is one line that says what to do.

StoreError
  StoreMissing     there is no store, and it was not to be made
  StoreLocked      another agent writes to it
  StoreReadOnly    the file or its folder may not be written
  StoreFull        the disk is full: nothing of the failed write is kept
  StoreCorrupt     the file is damaged, or is not a store
  StoreNewer       a newer version of Assay made it
  SlotTaken        the slot of this target has its one complete run already
  StoreBehind      somebody else holds a checkpoint of this log that the store does not have
  StoreUnsigned    the key cannot be asked to sign, so nothing is kept
  KeyMismatch      the signing key is not the one of this log
"""

from __future__ import annotations


class StoreError(Exception):
    """The store cannot do what was asked; nothing was half done."""


class StoreMissing(StoreError):  # noqa: N818 - named for what is wrong
    """There is no store at this place."""


class StoreLocked(StoreError):  # noqa: N818 - named for what is wrong
    """Another agent is the writer."""


class StoreReadOnly(StoreError):  # noqa: N818 - named for what is wrong
    """The file or folder may not be written."""


class StoreFull(StoreError):  # noqa: N818 - named for what is wrong
    """The disk, or the limit on the file, is reached."""


class StoreCorrupt(StoreError):  # noqa: N818 - named for what is wrong
    """The file is damaged, or is not a store."""


class StoreNewer(StoreError):  # noqa: N818 - named for what is wrong
    """Its schema is newer than this program."""


class StoreBehind(StoreError):  # noqa: N818 - named for what is wrong
    """It was rolled back, cut short or written anew."""


class StoreUnsigned(StoreError):  # noqa: N818 - named for what is wrong
    """The key, which is elsewhere, did not sign."""


class SlotTaken(StoreError):  # noqa: N818 - named for what is wrong
    """A complete run of this slot and target is sealed already."""


class KeyMismatch(StoreError):  # noqa: N818 - named for what is wrong
    """The log belongs to another key."""
