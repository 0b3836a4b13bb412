"""What all tests share: the pretended AWS, the command line on it, and how hypothesis draws.

Hypothesis draws the same cases every time, unless it is asked to explore:
`HYPOTHESIS_PROFILE=explore make test`.
"""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


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
