"""What is shown of a period or a moment: gathered once from the log, written in many forms.

model.py   the frozen values that every form is written from
"""
