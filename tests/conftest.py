"""What all tests share: the pretended AWS, the command line on it, and how hypothesis draws.

What takes a minute to set up is set up once, in one worker: `TOGETHER` says which tests share it.

Hypothesis draws the same cases every time, unless it is asked to explore:
`HYPOTHESIS_PROFILE=explore make test`.
"""

import os
import re
import sys
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

TOGETHER = re.compile(
    r"tests/(test_api|test_dashboards_live|test_demo_period|test_permissions|test_web_access)\.py(?=::)"
    r"|tests/test_ground_truth\.py::.*(seed\d+)"
)
"""Tests of one worker: those for which this finds the same."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give tests to the workers one by one, and those that belong together to one of them.

    As --dist loadgroup would: it writes the group into an attribute that pytest 9.2 no longer
    reads (xdist 3.8), and says nothing of it.
    """
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415 - where xdist is in use

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return together(nodeid)

    return Together(config, log)


def together(nodeid):
    """Name what `nodeid` shares with other tests; itself where that is nothing."""
    found = TOGETHER.match(nodeid)
    return "/".join(filter(None, found.groups())) if found else nodeid


def set_up_once(folder, name):
    """Leave a mark in `folder`, which all workers share; `FileExistsError` when it is there."""
    (folder / f"set-up-{name}").touch(exist_ok=False)


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """What a fixture that takes a minute calls with its name: it fails in a second worker."""

    def claim(name):
        if "PYTEST_XDIST_WORKER" in os.environ:
            set_up_once(tmp_path_factory.getbasetemp().parent, name)

    return claim


@pytest.fixture(scope="session", autouse=True)
def measured(tmp_path_factory):
    """Measure the demo's cloud as well, which is started with a path and no other environment."""
    measure = os.environ.get("COVERAGE_PROCESS_CONFIG")
    if measure:
        folder = tmp_path_factory.mktemp("measured")
        start = f"import os\nos.environ['COVERAGE_PROCESS_CONFIG'] = {measure!r}\n"
        start += "try:\n    import coverage\nexcept ImportError:\n    pass  # not in this one\n"
        start += "else:\n    coverage.process_startup()\n"
        Path(folder, "sitecustomize.py").write_text(start)
        sys.path.append(str(folder))
        known = [os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else []
        os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), *known])


@pytest.fixture(scope="module")
def server():
    """A pretended AWS, as long as a file of tests takes."""
    from aws_endpoint import Endpoint  # noqa: PLC0415 - moto takes seconds, which few tests need

    with Endpoint() as endpoint:
        yield endpoint


@pytest.fixture
def endpoint(server, monkeypatch):
    """The pretended AWS with nothing in it, and credentials for it."""
    from aws_kit import ENVIRONMENT  # noqa: PLC0415 - as above

    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    server.reset()
    return server


@pytest.fixture(scope="module")
def checks():
    """A few checks of AWS."""
    from aws_kit import some_checks  # noqa: PLC0415 - as above

    return some_checks()


@pytest.fixture(scope="module")
def cloud(server):
    """The pretended AWS with a small account in it, and credentials for it."""
    from agent_kit import make_account  # noqa: PLC0415 - as above
    from aws_kit import ENVIRONMENT  # noqa: PLC0415 - as above

    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        server.group = make_account(server)
        yield server


@pytest.fixture
def assay(cloud, tmp_path, capsys):
    """Run a command on the small account: (exit code, output, error)."""
    from agent_kit import configure  # noqa: PLC0415 - as above

    from agent.cli.app import run  # noqa: PLC0415 - as above

    config = configure(tmp_path, cloud.url)

    def call(*words, config=config):
        code = run(["-c", str(config), *map(str, words)])
        said = capsys.readouterr()
        return int(code), said.out, said.err

    call.folder = tmp_path
    call.config = config
    return call
