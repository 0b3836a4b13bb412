"""Writes every board: `python -m boards`, in this folder's parent."""

from pathlib import Path

from boards import BOARDS
from boards.frame import to_text

FOLDER = Path(__file__).resolve().parents[1] / "dashboards"

if __name__ == "__main__":
    for name, make in BOARDS.items():
        (FOLDER / f"{name}.json").write_text(to_text(make()))
