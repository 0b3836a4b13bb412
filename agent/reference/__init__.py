"""What there is to look at and what must be true of it, written out for people. Pure.

facts.py     all that is known of one rule, of one check; the command line shows it
fields.py    the members of a check's resources, as paths with their types
markdown.py  cells, tables and prose that Markdown takes literally
pages.py     the pages of all checks and rules by cloud and service, and their index
families.py  what is asked of every cloud, and by which rules: families.yaml
mapping.py   which rules are evidence for which criterion, by cloud
"""
