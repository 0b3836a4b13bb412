"""What the organization says it does: its controls, the decisions and statements of its people.

model.py     the frozen values
"""
