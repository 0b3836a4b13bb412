"""Terraform modules: read by a parser of HCL, and run by Terraform where they need no provider."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import hcl2

ROOT = Path(__file__).parents[1]
TERRAFORM = ROOT / "deploy" / "terraform"
PERMISSIONS = ROOT / "deploy" / "permissions"
MODULES = sorted(
    {file.parent for folder in (TERRAFORM, PERMISSIONS) for file in folder.rglob("*.tf")}
)
"""Every folder with a module of ours."""
TOOL = shutil.which("terraform")
SECONDS = 60
_META = {"source", "version", "count", "for_each", "providers", "depends_on"}
_REFERENCE = re.compile(r"(?<![\w.\"-])((?:data\.)?[a-z][a-z0-9]*_[a-z0-9_]+\.[a-z][a-z0-9_]*)\b")


def name_of(folder: Path) -> str:
    """A module's folder, as it is told to people."""
    return folder.relative_to(ROOT / "deploy").as_posix()


@dataclass(frozen=True)
class Module:
    """One folder's files, put together as Terraform does."""

    folder: Path
    blocks: Mapping[str, tuple[tuple[tuple[str, ...], Mapping[str, Any]], ...]]
    """Kind of block -> its labels and its body, of all files."""
    text: str
    """All files without comments."""

    def named(self, kind: str) -> dict[str, Mapping[str, Any]]:
        """The blocks with one label."""
        return {labels[0]: body for labels, body in self.blocks.get(kind, ())}

    def resources(self, kind: str = "resource") -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """Type, name and body of each."""
        for labels, body in self.blocks.get(kind, ()):
            yield labels[0], labels[1], body

    def one(self, kind: str) -> Mapping[str, Any]:
        """The body of the only resource of a type."""
        (found,) = (body for type_, _, body in self.resources() if type_ == kind)
        return found

    @property
    def locals(self) -> dict[str, Any]:
        """What `locals` name."""
        merged: dict[str, Any] = {}
        for _, body in self.blocks.get("locals", ()):
            merged |= body
        return merged


@cache
def read(folder: Path) -> Module:
    """Parse every file of a module."""
    blocks: dict[str, list[tuple[tuple[str, ...], Mapping[str, Any]]]] = {}
    text = ""
    for file in sorted(folder.glob("*.tf")):
        written = file.read_text()
        text += re.sub(r"(?m)(^|\s)#.*$", "", written)
        for kind, found in hcl2.loads(written).items():
            for each in [] if kind.startswith("__") else found:
                blocks.setdefault(kind, []).extend(_labelled(each, ()))
    return Module(folder, {kind: tuple(found) for kind, found in blocks.items()}, text)


def _labelled(body: Any, labels: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if body.get("__is_block__"):
        yield labels, {key: _plain(value) for key, value in body.items() if key[:2] != "__"}
        return
    for label, inner in body.items():
        yield from _labelled(inner, (*labels, label.strip('"')))


def _plain(value: Any) -> Any:
    """Take the parser's own quotes and marks away; ``__is_block__` stays, to tell a block by."""
    if isinstance(value, str):
        return value[1:-1] if value[:1] == value[-1:] == '"' and len(value) > 1 else value
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {
            key.strip('"'): _plain(each) for key, each in value.items() if key != "__comments__"
        }
    return value


def unknown_names(module: Module) -> list[str]:
    """Everything referred to that is not there, and every variable or local that nobody reads."""
    text, declared = module.text, module.named("variable")
    locals_ = set(module.locals) - {"__comments__"}
    calls = module.named("module")
    things = {f"{type_}.{name}" for type_, name, _ in module.resources()}
    things |= {f"data.{type_}.{name}" for type_, name, _ in module.resources("data")}
    wrong = []
    for word, known in (("var", set(declared)), ("local", locals_), ("module", set(calls))):
        used = set(re.findall(rf"\b{word}\.([a-z_0-9]+)", text))
        wrong += [f"{word}.{each} is not declared" for each in sorted(used - known)]
        if word != "module":
            wrong += [f"{word}.{each} is not read" for each in sorted(known - used)]
    dynamic = set(re.findall(r'dynamic "([a-z_]+)"', text))
    for each in sorted(set(_REFERENCE.findall(text))):
        if each not in things and each.split(".")[0] not in dynamic | declared.keys():
            wrong.append(f"{each} is not declared")
    return wrong


def wrong_calls(module: Module) -> Iterator[str]:
    """Compare the arguments of each module that is called with its variables, and its outputs."""
    for name, body in module.named("module").items():
        called = read((module.folder / body["source"]).resolve())
        variables = called.named("variable")
        given = set(body) - _META
        wanted = {each for each, spec in variables.items() if "default" not in spec}
        yield from (f"{name}: {each} is no variable" for each in sorted(given - set(variables)))
        yield from (f"{name}: {each} is missing" for each in sorted(wanted - given))
        read_ = set(re.findall(rf"module\.{name}(?:\[\d+\])?\.([a-z_]+)", module.text))
        outputs = set(called.named("output"))
        yield from (f"{name}: {each} is no output" for each in sorted(read_ - outputs))


def run_module(folder: Path, tmp_path: Path, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Let Terraform compute the outputs of a module that needs no provider."""
    outputs = read(folder).named("output")
    # By a call from elsewhere, so that Terraform writes nothing into the repository; by a relative
    # path, as an absolute one is copied without the files beside the module.
    source = os.path.relpath(folder, tmp_path)
    (tmp_path / "main.tf.json").write_text(
        json.dumps(
            {
                "module": {"it": {"source": source, **variables}},
                "output": {name: {"value": f"${{module.it.{name}}}"} for name in outputs},
            }
        )
    )
    for words in (("init",), ("apply", "-auto-approve"), ("output", "-json")):
        done = terraform(*words, folder=tmp_path)
        # Terraform breaks its lines wherever they are full.
        assert done.returncode == 0, " ".join(f"{done.stdout} {done.stderr}".split())
    return {name: each["value"] for name, each in json.loads(done.stdout).items()}


def terraform(
    *words: str, folder: Path, seconds: int = SECONDS, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run Terraform in a folder, without asking anybody whether it is the newest."""
    assert TOOL is not None
    colour = [] if words[-1] == "-json" else ["-no-color"]
    return subprocess.run(
        [TOOL, *words, *colour],
        cwd=folder,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder),
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_CONFIG_FILE": "/dev/null",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
