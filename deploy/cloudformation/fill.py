"""Writes into agent.yaml what is kept elsewhere: what the agent may read, and how it starts.

CloudFormation reads no other file of the repository, as Terraform does. `make docs` runs this.
"""
# ruff: noqa: INP001 - a step of `make docs`, and no module of a package

import json
import re
from pathlib import Path

HERE = Path(__file__).parent


def fill(text: str) -> str:
    """Give the template with the printed actions and the script, in their places."""
    policy = json.loads((HERE / "../permissions/aws/policy.json").read_text())
    (statement,) = policy["Statement"]
    actions = "".join(f"          - {action}\n" for action in statement["Action"])
    script = (HERE / "../terraform/start.py").read_text()
    lines = "".join(f"{'':10}{line}" if line.strip() else line for line in script.splitlines(True))
    text = _between(text, "        - Sid: AssayReads\n.*?          Action:\n", "  [A-Z]", actions)
    return _between(
        text, "        # deploy/terraform/start.py\n        - \\|\n", "        C", lines
    )


def _between(text: str, before: str, after: str, put: str) -> str:
    found, count = re.subn(
        f"(?s)({before}).*?(?=^{after})", lambda match: match[1] + put, text, flags=re.MULTILINE
    )
    if count != 1:
        raise SystemExit(f"agent.yaml: {before!r} is there {count} times, and not once")
    return found


if __name__ == "__main__":
    template = HERE / "agent.yaml"
    template.write_text(fill(template.read_text()))
