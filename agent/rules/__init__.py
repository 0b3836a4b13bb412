"""What must be true: rule documents read, checked against themselves, and looked over.

load.py        YAML -> `Rule`, every mistake with its place
rule.py        the frozen value, its programs compiled
reader.py      one document on its way there; shape.py and schema.py say how it must look
params.py      parameters, their bounds, and rules with other values in force
examples.py    the proof that a rule carries in itself
frameworks.py  the criteria that a rule can name
lint.py        what is legal and still wrong in a set of rules
scaffold.py    the beginning of a new one
"""
