"""What must be true: rule documents read, checked against themselves, and looked over.

load.py        YAML -> `Rule`, every mistake with its place
rule.py        the frozen value, its programs compiled
document.py    one document, parsed; shape.py and schema.py say how it must look
reader.py      the document on its way to a rule; expressions.py compiles what it says
params.py      parameters, their bounds, and rules with other values in force
proof.py       the examples that a rule carries in itself; examples.py judges them
frameworks.py  the criteria that a rule can name
lint.py        what is legal and still wrong in a set of rules
scaffold.py    the beginning of a new one
"""
