"""`assay.yaml` and the environment, parsed into Settings; the only reader of the environment.

Settings that exist are right: every value is checked here, and every mistake is a `ConfigError`
that says where and what to write. Environment variables named `ASSAY_*` replace single values, so
that a container needs no file for them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import msgspec
from msgspec import Struct, field

from agent.duration import parse_duration
from agent.evidence.anchors.settings import KINDS, AnchorSettings, Rfc3161Settings
from agent.evidence.kms.settings import KINDS as KEYS
from agent.evidence.kms.settings import KeySettings
from agent.web.settings import HttpSettings
from agent.webhooks.settings import MOST, WebhookSettings
from checks.aws.settings import AwsSettings
from checks.azure.settings import AzureSettings
from checks.gcp.settings import GcpSettings
from checks.yaml import Map, YamlError, find_place, plain, read_yaml

T = TypeVar("T")


class ConfigError(Exception):
    """The configuration is wrong; the message says where and what to do."""


TargetSettings = AwsSettings | AzureSettings | GcpSettings
"""What an entry of `targets` can say; a union over `checks/<provider>/settings.py`."""


class FileSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file that a person exports, such as the roster of Human Resources (docs/files.md)."""

    path: str
    """A .csv, .json or .yaml file; relative to the configuration's folder."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """The check's name of a column -> the file's, where they differ."""
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Column -> what the file writes -> the check's word for it."""
    max_age: str = "7d"
    """An older file is an error."""
    observed_at: str = ""
    """Column, or member beside the rows, that says when it was exported; empty: when the file was
    last modified."""


class EventSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The list of the events of a control that people perform at each of them (leavers, say)."""

    path: str
    """A .csv, .json or .yaml file; relative to the configuration's folder."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """`id` and `at` (when it happened) -> the file's names, where they differ."""


class Override(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the organisation sets differently from a rule's own text; recorded in the evidence."""

    every: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    enabled: bool = True


class RunSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a run behaves. Durations as text (`10m`)."""

    deadline: str = "15m"
    threads: int = 16
    jitter: str = ""
    """Spread the starts of a slot's runs over this long; empty: start at once."""
    max_attempts: int = 5
    """Tries for one call, the first included."""
    targets_at_once: int = 8
    """How many targets are observed at the same time, each with `threads` requests under way."""
    discover: str = "15m"
    """How often organizations are asked for their members."""
    back_fill: str = "35d"
    """How much of the past the first start looks at, where a cloud tells it (docs/past.md); empty:
    none."""


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole configuration of one agent."""

    targets: tuple[TargetSettings, ...] = (AwsSettings(),)
    store: str = "assay-data"
    """Folder of the evidence store and of the signing key."""
    origin: str = "assay.local/agent"
    """The log's name in every checkpoint: host and path that the organisation controls."""
    anchors: tuple[AnchorSettings, ...] = ()
    """Who else stamps or keeps the log's checkpoints (docs/anchors.md)."""
    key: KeySettings | None = None
    """The signing key, where it is not a file beside the store (docs/keys.md)."""
    old_key: KeySettings | None = None
    """The key before it, while `assay evidence rotate` hands the log over; not a file either."""
    rules_paths: tuple[str, ...] = ()
    checks_paths: tuple[str, ...] = ()
    files: Mapping[str, FileSettings] = field(default_factory=dict)
    """Name of a check of files without its `files.` (`hr.person`) -> the file that answers it."""
    shipped_rules: bool = True
    every: str = ""
    """One interval for all rules, in place of their own; for demos and tests."""
    rules: Mapping[str, Override] = field(default_factory=dict)
    controls: tuple[str, ...] = ()
    """Files or folders with the organisation's own controls (docs/controls.md)."""
    waivers: tuple[str, ...] = ()
    """Files with waivers."""
    scope: str = ""
    """The file that says what reports are about."""
    events: Mapping[str, EventSettings] = field(default_factory=dict)
    """Control -> the file that lists its events."""
    webhooks: tuple[WebhookSettings, ...] = ()
    """Who is told when the state of a control changes (docs/webhooks.md)."""
    run: RunSettings = RunSettings()
    http: HttpSettings = HttpSettings()
    folder: str = ""
    """Folder of the file that was read; relative paths start there."""
    file: str = ""

    def of(self, kind: type[T]) -> tuple[T, ...]:
        """Pick the entries of `targets` that are settings of one provider."""
        return tuple(each for each in self.targets if isinstance(each, kind))

    @property
    def authorities(self) -> tuple[Rfc3161Settings, ...]:
        """The entries of `anchors` that stamp."""
        return tuple(each for each in self.anchors if isinstance(each, Rfc3161Settings))

    def path(self, written: str) -> Path:
        """Resolve a path written in the configuration against the configuration's own folder."""
        return Path(self.folder, written).expanduser()


NAME = "assay.yaml"
_ENVIRONMENT = {
    "ASSAY_STORE": ("store",),
    "ASSAY_ORIGIN": ("origin",),
    "ASSAY_EVERY": ("every",),
    "ASSAY_HTTP_LISTEN": ("http", "listen"),
    "ASSAY_HTTP_WEB_CONFIG": ("http", "web_config"),
    "ASSAY_HTTP_TOKENS": ("http", "tokens"),
    "ASSAY_HTTP_INSECURE": ("http", "insecure"),
}
_FLAGS = {"true": True, "false": False}


def load_settings(path: Path | None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read the file (default: `ASSAY_CONFIG`, else an `assay.yaml` here), then `ASSAY_*`."""
    env = os.environ if environment is None else environment  # noqa: TID251 - the one reader
    found = path or (Path(env["ASSAY_CONFIG"]) if env.get("ASSAY_CONFIG") else None)
    if found is None and Path(NAME).exists():
        found = Path(NAME)
    written = _read(found) if found else {}
    document = plain(dict(written))
    for variable, keys in _ENVIRONMENT.items():
        if env.get(variable):
            flag = keys == ("http", "insecure")
            if flag and env[variable] not in _FLAGS:
                raise ConfigError(f"{variable}: true or false is expected")
            _set(document, keys, _FLAGS[env[variable]] if flag else env[variable])
    try:
        settings = _convert(document)
        _check(settings)
    except _Mistake as mistake:
        at = find_place(written, _steps(mistake.path)) or found or "environment"
        raise ConfigError(f"{at}: {mistake}") from None
    where = {"folder": str(found.parent), "file": str(found)} if found else {}
    return msgspec.structs.replace(settings, **where)


def read_variable(name: str) -> str:
    """Give a variable of the environment that the configuration names; empty: it is not set."""
    return os.environ.get(name, "")  # noqa: TID251 - the one reader


class _Mistake(Exception):  # noqa: N818 - internal: becomes a ConfigError with its place
    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


def _read(path: Path) -> Map | dict[str, Any]:
    if not path.exists():
        raise ConfigError(f"{path}: no such file; `assay init` writes one")
    try:
        document = read_yaml(path)
    except YamlError as error:
        raise ConfigError(str(error)) from None
    if document is None:
        return {}
    if not isinstance(document, Map):
        raise ConfigError(f"{path}:1: a mapping is expected, such as `targets: [...]`")
    return document


def _set(document: dict[str, Any], keys: tuple[str, ...], value: str | bool) -> None:
    *path, last = keys
    for key in path:
        document[key] = dict(document.get(key) or {})
        document = document[key]
    document[last] = value


def _convert(document: Mapping[str, Any]) -> Settings:
    for own in ("folder", "file"):
        if own in document:
            raise _Mistake(own, f"unknown field `{own}`")
    _check_tags(document, "targets", "provider", PROVIDERS)
    _check_tags(document, "anchors", "kind", KINDS)
    for name in ("key", "old_key"):
        _check_tag(document.get(name), f"{name}.kind", KEYS)
    try:
        return msgspec.convert(document, Settings)
    except msgspec.ValidationError as error:
        message, _, rest = str(error).partition(" - at `$")
        path = rest.rstrip("`").lstrip(".")
        unknown = re.search("unknown field `(.+)`", message)
        keyed = _OWN.match(message)
        if unknown:
            path = f"{path}.{unknown[1]}".lstrip(".")
        elif keyed:
            path = f"{path}.{keyed[1]}".lstrip(".")
            message = f"{path}: {message[keyed.end() :]}"
        elif message.startswith("Expected `str`, got"):
            message = f"{path}: {message}; put it in quotes"
        raise _Mistake(path, message) from None


_OWN = re.compile(r"([a-z_]+(?:\[\d+\])?): ")
"""How a message of a settings' own `__post_init__` begins: with the key that is wrong."""


def _check_tags(document: Mapping[str, Any], where: str, tag: str, known: tuple[str, ...]) -> None:
    entries = document.get(where)
    for index, entry in enumerate(entries if isinstance(entries, list | tuple) else ()):
        _check_tag(entry, f"{where}[{index}].{tag}", known)


def _check_tag(entry: Any, key: str, known: tuple[str, ...]) -> None:
    tag = key.rpartition(".")[2]
    if isinstance(entry, Mapping) and entry.get(tag) not in known:
        said = f"{entry[tag]!r} is not known" if tag in entry else "it is missing"
        raise _Mistake(key, f"{key}: {said}; use {', '.join(known)}")


def _steps(path: str) -> list[str | int]:
    """`targets[0].role_arn` as steps."""
    found = re.findall(r"\[(\d+)\]|([^.\[\]]+)", path)
    return [int(index) if index else name for index, name in found]


def _check(settings: Settings) -> None:
    durations = {
        "every": settings.every,
        "run.deadline": settings.run.deadline,
        "run.jitter": settings.run.jitter,
        "run.discover": settings.run.discover,
        "run.back_fill": settings.run.back_fill,
        **{f"rules.{rule}.every": override.every for rule, override in settings.rules.items()},
        **{f"files.{name}.max_age": file.max_age for name, file in settings.files.items()},
    }
    for key, text in durations.items():
        if text:
            try:
                parse_duration(text)
            except ValueError as error:
                raise _Mistake(key, f"{key}: {error}") from None
    if not settings.targets:
        raise _Mistake("targets", "targets: name at least one target to observe")
    if not 1 <= settings.run.threads <= MAX_THREADS:
        raise _Mistake("run.threads", f"run.threads: a number from 1 to {MAX_THREADS} is expected")
    if not settings.run.discover:
        raise _Mistake("run.discover", "run.discover: a duration is expected (`15m`)")
    for key in ("max_attempts", "targets_at_once"):
        if getattr(settings.run, key) < 1:
            raise _Mistake(f"run.{key}", f"run.{key}: at least 1 is expected")
    if settings.http.series_budget < 1:
        raise _Mistake("http.series_budget", "http.series_budget: at least 1 is expected")
    _check_listen(settings.http)
    _check_webhooks(settings.webhooks)


def _check_webhooks(webhooks: Sequence[WebhookSettings]) -> None:
    names = [each.name for each in webhooks]
    for index, name in enumerate(names):
        if name in names[:index]:
            key = f"webhooks[{index}].name"
            raise _Mistake(key, f"{key}: {name!r} is the name of another one already")
    if len(names) > MOST:
        raise _Mistake("webhooks", f"webhooks: at most {MOST}: each has its own thread")


def _check_listen(http: HttpSettings) -> None:
    host, _, port = http.listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > MAX_PORT:
        message = f"http.listen: {http.listen!r} is not ADDRESS:PORT (`127.0.0.1:9464`)"
        raise _Mistake("http.listen", message)
    if http.requests_per_second < 0:
        raise _Mistake("http.requests_per_second", "http.requests_per_second: 0 is no limit")


PROVIDERS = tuple(
    str(each.__struct_config__.tag) for each in get_args(TargetSettings) or (TargetSettings,)
)
"""The tags of the settings above: what `provider` can be."""
MAX_THREADS = 256
MAX_PORT = 65535
