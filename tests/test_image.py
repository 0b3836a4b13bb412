"""The image is built from what is in the repository, and from locked files only."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from chart_kit import call, tool

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def _copied():
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    return sorted({source for line in lines for source in line.split()})


def test_everything_copied_exists_and_is_sent_to_the_builder():
    allowed = (ROOT / ".dockerignore").read_text().splitlines()
    assert _copied()
    for source in _copied():
        assert (ROOT / source).exists(), source
        assert f"!{source}" in allowed, source


def test_nothing_else_is_sent_to_the_builder():
    allowed = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in allowed
    assert sorted(line[1:] for line in allowed if line.startswith("!")) == _copied()


def test_every_installed_package_is_locked_by_hash():
    for lock in re.findall(r"-r (\S+\.lock)", DOCKERFILE):
        packages = re.findall(
            r"^\S+==\S+ ?.*?(?=^\S|\Z)", (ROOT / lock).read_text(), re.MULTILINE | re.DOTALL
        )
        assert packages
        assert all("--hash=sha256:" in package for package in packages), lock
    installs = re.findall(r"pip install (.+?)(?: \\)?$", DOCKERFILE, re.MULTILINE)
    assert len(installs) == 3
    assert all("--require-hashes" in line or "--no-index" in line for line in installs)


def _pins(lock):
    return set(re.findall(r"^([a-z0-9._-]+)(?:\[.+?\])?(==\S+)", lock.read_text(), re.MULTILINE))


def test_the_image_holds_what_the_tests_ran_with_and_watches_three_clouds():
    image = _pins(ROOT / "deploy/requirements-image.lock")
    assert image <= _pins(ROOT / "deploy/requirements-dev.lock")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["azure"], *extras["gcp"]]
    names = {re.match(r"[a-z0-9-]+", text)[0] for text in wanted}
    assert names <= {name for name, _ in image}
    assert "azure-identity" in names


def test_the_agent_runs_as_nobody_in_particular_and_is_pid_1():
    assert "USER 10001:10001" in DOCKERFILE
    assert 'ENTRYPOINT ["/opt/assay/bin/assay"]' in DOCKERFILE  # no shell between it and SIGTERM
    assert DOCKERFILE.rindex("USER 10001:10001") > DOCKERFILE.rindex("RUN ")


def test_hadolint_finds_no_fault_with_it(tmp_path):
    assert call(tool("hadolint"), ROOT / "Dockerfile").stdout == ""
    wrong = tmp_path / "Dockerfile"
    wrong.write_text(DOCKERFILE.replace("USER 10001:10001", "RUN cd /tmp && sudo ls"))
    assert "DL3004" in call(tool("hadolint"), wrong).stdout
