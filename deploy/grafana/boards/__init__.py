"""The dashboards, as code: what a board shows and asks; `python -m boards` writes them as JSON.

`frame` gives a board its variables and links, `panels` and `tables` are the few kinds of panel,
`numbers` and `lists` those of several boards, `status` how a state is asked for and shown; every
other module is one board.
"""

from boards.agent import agent
from boards.controls import controls
from boards.evidence import evidence
from boards.overview import overview
from boards.target import target

BOARDS = {
    "overview": overview,
    "controls": controls,
    "target": target,
    "agent": agent,
    "evidence": evidence,
}
"""Name of the file -> what makes its board."""
