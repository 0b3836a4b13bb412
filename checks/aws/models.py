"""Reads the SDK's own models, with no more of them than is asked for.

The SDK keeps the model of a service for as long as there is a client of it, with every operation
and its documentation: 9 MB for EC2, 100 MB for forty services. An agent needs a few reads of each.
What is left out cannot even be called by name.
"""

from __future__ import annotations

import gzip
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from botocore.loaders import Loader


class Files:
    """Reads the files of the SDK as its own loader does, by a JSON parser that is faster."""

    def exists(self, path: str) -> bool:
        """Whether there is such a file."""
        return Path(f"{path}.json.gz").is_file() or Path(f"{path}.json").is_file()

    def load_file(self, path: str) -> Any:
        """The document in a file; None when there is none: the loader looks in its next folder."""
        for file, read in ((f"{path}.json.gz", gzip.decompress), (f"{path}.json", bytes)):
            if Path(file).is_file():
                return msgspec.json.decode(read(Path(file).read_bytes()))
        return None


class FewOperations:
    """As `Files`, but of the model of a service only some operations, and what those need."""

    def __init__(self, operations: Mapping[str, Collection[str]]) -> None:
        """`operations`: service -> the names of those that are kept."""
        self._files = Files()
        self._operations = operations

    def exists(self, path: str) -> bool:
        """Whether there is such a file."""
        return self._files.exists(path)

    def load_file(self, path: str) -> Any:
        """The document in a file; None when there is none."""
        document = self._files.load_file(path)
        if document and Path(path).name == "service-2.sdk-extras":
            # Members that the SDK makes up (SourceRegion of a copy). Joined to shapes that are left
            # out here, they would break the reading of every error of the service.
            merge = {key: part for key, part in document["merge"].items() if key != "shapes"}
            return {**document, "merge": merge}
        if document is None or Path(path).name != "service-2":
            return document
        service = Path(path).parts[-3]
        return _few(document, frozenset(self._operations.get(service, ())))


def new_loader(files: Files | FewOperations) -> Loader:
    """The SDK's loader over `files`; it keeps all that it has read."""
    return Loader(file_loader=files)  # type: ignore[arg-type] # the stub wants its own class


def _few(model: dict[str, Any], wanted: frozenset[str]) -> dict[str, Any]:
    """The model with `wanted` operations, the one that tells endpoints, and their shapes."""
    operations = {
        name: operation
        for name, operation in model["operations"].items()
        if name in wanted or operation.get("endpointoperation")
    }
    shapes: dict[str, Any] = {}
    waiting = list(_references(operations))
    while waiting:
        name = waiting.pop()
        if name not in shapes:
            shapes[name] = _undocumented(model["shapes"][name])
            waiting += _references(shapes[name])
    return {**model, "operations": _undocumented(operations), "shapes": shapes}


def _references(part: Any) -> Iterator[str]:
    """The names of the shapes that a part of a model refers to."""
    if isinstance(part, dict):
        name = part.get("shape")
        if isinstance(name, str):
            yield name
        for inner in part.values():
            yield from _references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _references(inner)


def _undocumented(part: Any) -> Any:
    """A part of a model without its prose; a member may be called `documentation` too."""
    if isinstance(part, dict):
        return {
            key: _undocumented(inner)
            for key, inner in part.items()
            if key != "documentation" or not isinstance(inner, str)
        }
    return [_undocumented(inner) for inner in part] if isinstance(part, list) else part
