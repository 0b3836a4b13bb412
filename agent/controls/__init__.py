"""What the organization says it does: its controls, the decisions and statements of its people.

model.py         the frozen values
document.py      YAML that people write, with the place of each mistake
load.py          controls: the shipped library (rules/controls) and the organisation's own
proof.py         which rules prove a control
lint.py          criteria and rules without a control, names that mean nothing
scope.py         what a report is about, and whether suppliers' reports cover a period
waiver_file.py   waivers as they are written (what they do: agent/waivers.py)
waiver_log.py    waivers as the log has them
periods.py       periods by their keys
events.py        leavers, joiners, incidents: from files and from the log
calendar.py      every instance of every control that people perform
attest.py        a statement that one was performed, with its files
decisions.py     all that is decided, as the configuration names it; sealed when it changes
keeping.py       all of that while the agent runs
duties.py        the calendar as the log and the files of today have it
collector.py     metrics
"""
