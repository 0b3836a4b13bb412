"""`python -m agent` is `assay`."""

from agent.cli import main

main()
