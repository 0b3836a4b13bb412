"""The wheel alone, in an empty environment outside the checkout, is the whole product."""

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CLOUDS = ("aws", "azure", "gcp")


def call(*words, **options):
    return subprocess.run(
        [str(word) for word in words],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        **options,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build = (sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation")
    done = call(*build, "-w", folder, ROOT)
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """An environment with the wheel unpacked into it; its dependencies are those of this one."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False)
    (site,) = folder.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    here = [path for path in sys.path if path.endswith("site-packages")]
    (site / "dependencies.pth").write_text("\n".join(here) + "\n")
    # The editable install of the checkout must not answer in the wheel's place.
    script = (
        f"import sys; sys.path = [p for p in sys.path if p != {str(ROOT)!r}];"
        " sys.meta_path = [f for f in sys.meta_path if 'editable' not in repr(f)];"
        " from agent.cli import main; main()"
    )
    return (folder / "bin/python", "-c", script)


def test_the_wheel_holds_code_checks_rules_and_no_test(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"agent", "checks", "rules"}
    shipped = call("git", "ls-files", *tops, cwd=ROOT).stdout.split()
    assert any("/templates/" in name for name in shipped)
    assert [name for name in shipped if name not in names] == []
    assert "agent/cli/assay.example.yaml" in names
    assert "agent/reference/families.yaml" in names
    assert "checks/aws/s3.yaml" in names
    assert "checks/aws/amazon_roots.pem" in names
    written = [path.name for path in (ROOT / "docs/runbooks").glob("*.md")]
    assert [name for name in written if f"agent/runbooks/{name}" not in names] == []
    licence = [name for name in names if name.endswith("licenses/LICENSE")]
    assert licence


def test_it_finds_its_rules_and_checks_outside_the_checkout(installed, tmp_path):
    environment = {**os.environ, "PYTHONPATH": ""}
    listed = call(*installed, "rules", "list", "--format", "json", cwd=tmp_path, env=environment)
    assert listed.returncode == 0, listed.stderr
    shipped = [path for cloud in CLOUDS for path in ROOT.glob(f"rules/{cloud}/**/*.yaml")]
    found = {item["rule"] for item in json.loads(listed.stdout)["items"]}
    missing = {path.stem for path in shipped} - found
    assert found < {path.stem for path in shipped}
    # They wait for a roster that nobody has configured.
    assert all("in-hr-roster" in name or "-terminated-" in name for name in missing)
    shown = call(
        *installed,
        *("rules", "show", "aws-s3-bucket-versioning", "--format", "json"),
        cwd=tmp_path,
        env=environment,
    )
    (rule,) = json.loads(shown.stdout)["items"]
    assert not rule["file"].startswith(str(ROOT))


def test_it_writes_a_configuration_and_prints_its_permissions(installed, tmp_path):
    assert call(*installed, "init", cwd=tmp_path).returncode == 0
    assert (tmp_path / "assay.yaml").exists()
    printed = call(*installed, "permissions", "aws", cwd=tmp_path)
    assert json.loads(printed.stdout)["Version"] == "2012-10-17"
