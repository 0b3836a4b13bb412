"""Writes the files that a module configures beside the evidence, then becomes the command given.

No cloud mounts a text into a container in the same way as the others, so the modules hand over a
JSON object, file name -> text, in ASSAY_FILES. Each is replaced as a whole, readable by its owner
only; what the start before wrote and this one does not is taken away, and nothing else. It needs
nothing but the Python of the image, and runs as the agent's user.
"""
# ruff: noqa: INP001 - a file that modules hand over, and no module of a package

import json
import os
import sys
from pathlib import Path

settings = os.environ  # noqa: TID251 - it runs before there is an agent
folder = Path(settings["ASSAY_CONFIG"]).parent
files = json.loads(settings.pop("ASSAY_FILES"))
written = folder / ".written"
if written.exists():
    for name in set(json.loads(written.read_text())) - set(files):
        (folder / name).unlink(missing_ok=True)
for name, text in {".written": json.dumps(sorted(files)), **files}.items():
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    half = file.with_name(file.name + ".new")
    half.write_text(text)
    half.chmod(0o600)
    half.replace(file)
os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - no shell: the arguments are the module's
