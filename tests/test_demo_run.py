"""`assay demo` shows itself, hands the agent a cloud of its own, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import boto3
import pytest

from agent.config import load_settings
from agent.demo.run import Options, run_demo


class Heard:
    """A stage that remembers."""

    def __init__(self):
        self.lines = []
        self.steps = []

    def say(self, line):
        self.lines.append(line)

    def progress(self, done, of):
        self.steps.append((done, of))


class Agent:
    """An agent that looks around for a moment, and remembers what it was given."""

    def __init__(self, seconds=0.0):
        self.seconds = seconds
        self.seen = {}

    def __call__(self, settings, *, stopping, ready):
        self.settings = settings
        target = settings.targets[0]
        self.seen = {
            "buckets": len(
                boto3.client(
                    "s3", endpoint_url=target.endpoint_url, region_name="us-east-1"
                ).list_buckets()["Buckets"]
            ),
            "folder": Path(settings.folder).exists(),
            "file": load_settings(Path(settings.file), {}),
        }
        ready("http://127.0.0.1:1234")
        stopping.wait(self.seconds)
        return 1


def test_the_agent_gets_a_seeded_cloud_and_the_exit_code_is_its_own(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "a-profile-that-does-not-exist")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody-real")
    agent, stage = Agent(seconds=11), Heard()
    assert run_demo(agent, stage, Options()) == 1
    assert agent.seen["buckets"] == 14
    assert agent.seen["folder"]
    assert agent.seen["file"] == agent.settings
    assert agent.settings.every == "5s"
    assert agent.settings.targets[0].regions == ("us-east-1", "eu-west-1")
    assert not Path(agent.settings.folder).exists()
    assert os.environ["AWS_ACCESS_KEY_ID"] == "somebody-real"
    assert os.environ["AWS_PROFILE"] == "a-profile-that-does-not-exist"
    assert "AWS_SECRET_ACCESS_KEY" not in os.environ
    assert stage.steps[-1][0] == stage.steps[-1][1]
    assert "opens SSH to the whole world" in stage.lines[-1]
    shown = "\n".join(stage.lines)
    assert "http://127.0.0.1:1234" in shown
    assert shown.count(f"assay -c {agent.settings.file} evidence") == 2
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(agent.settings.targets[0].endpoint_url, timeout=2)


def test_a_taken_port_is_left_to_its_owner():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        agent = Agent()
        run_demo(agent, Heard(), Options(listen=listen, scale=0))
    assert agent.settings.http.listen == "127.0.0.1:0"


_DEMO = """if True:
    import sys, time
    from agent.demo.run import Options, run_demo

    class Stage:
        def say(self, line):
            print(line, flush=True)
        def progress(self, done, of):
            if done == 1:
                print("seeding", flush=True)

    def serve(settings, *, stopping, ready):
        print("serving", settings.folder, settings.targets[0].endpoint_url, flush=True)
        stopping.wait(60)
        print("stopped in good order", flush=True)
        return 0

    try:
        run_demo(serve, Stage(), Options(scale=0, keep=len(sys.argv) > 1))
    except KeyboardInterrupt:
        sys.exit(130)
"""


def _demo(tmp_path, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", _DEMO, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        start_new_session=True,
    )


def _until(demo, word):
    for line in demo.stdout:
        if line.startswith(word):
            return line.split()
    raise AssertionError(demo.stderr.read())


def _is_gone(endpoint):
    try:
        urllib.request.urlopen(f"{endpoint}/__counts", timeout=30).close()
    except OSError:
        return True
    return False


def _eventually(true):
    deadline = time.monotonic() + 30
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()


ENDS = [signal.SIGINT, signal.SIGTERM, signal.SIGKILL]


@pytest.mark.parametrize("how", ENDS, ids=lambda how: how.name)
def test_nothing_is_left_behind_however_the_demo_ends(tmp_path, how):
    with _demo(tmp_path) as demo:
        _, folder, endpoint = _until(demo, "serving")
        assert Path(folder).parent == tmp_path
        os.killpg(demo.pid, how)
        code = demo.wait(timeout=15)
        rest = demo.stdout.read()
    assert code == (-signal.SIGKILL if how is signal.SIGKILL else 0)
    assert rest == ("" if how is signal.SIGKILL else "stopped in good order\n")
    assert _eventually(lambda: _is_gone(endpoint))
    assert _eventually(lambda: not any(tmp_path.iterdir()))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=lambda s: s.name)
def test_nothing_is_left_behind_when_the_seeding_is_interrupted(tmp_path, how):
    with _demo(tmp_path) as demo:
        _until(demo, "seeding")
        os.killpg(demo.pid, how)
        assert demo.wait(timeout=15) == 130
    assert _eventually(lambda: not any(tmp_path.iterdir()))


def test_the_evidence_stays_when_it_is_to_be_kept(tmp_path):
    with _demo(tmp_path, "keep") as demo:
        _, folder, endpoint = _until(demo, "serving")
        os.killpg(demo.pid, signal.SIGINT)
        demo.wait(timeout=15)
    assert _is_gone(endpoint)
    assert (Path(folder) / "assay.yaml").exists()


def test_a_missing_moto_is_one_line_that_says_what_to_install(tmp_path):
    (tmp_path / "moto").mkdir()
    (tmp_path / "moto" / "__init__.py").write_text("raise ImportError('no moto here')\n")
    program = (
        "import sys\n"
        "from agent.demo.process import DemoError, start_cloud\n"
        "try:\n"
        "    with start_cloud():\n"
        "        pass\n"
        "except DemoError as error:\n"
        "    sys.exit(str(error))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert done.stderr == (
        "assay demo needs moto (no moto here): install it with  pip install 'assay[demo]'\n"
    )
