"""What the organization says it does: its controls, the decisions and statements of its people.

model.py      the frozen values
document.py   YAML that people write, with the place of each mistake
load.py       controls: the shipped library (rules/controls) and the organisation's own
proof.py      which rules prove a control
lint.py       criteria and rules without a control, names that mean nothing
scope.py      what a report is about, and whether suppliers' reports cover a period
"""
