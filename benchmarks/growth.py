"""Memory and processor time by size of the account: pages are judged and dropped, so memory stays.

    python benchmarks/growth.py [--size 1000 --size 20000] [--regions 1 --regions 8]

A server of its own pretends to be an account with that many EBS volumes in each of so many
regions, a thousand a page; two whole runs of one rule (collected, judged, sealed, and compared
with what stood) are measured in a fresh process for each size. MB are a million bytes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

ROOT = Path(__file__).parent.parent
RULE = "aws-ebs-volume-encrypted"
PAGE = 1000
LIMIT = 150_000_000
"""Bytes that a run may take at its peak."""
REGIONS = (
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-central-1",
)


def main() -> None:
    """Print one line a size."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, action="append")
    parser.add_argument("--regions", type=int, action="append")
    parser.add_argument("--serve", type=int, nargs=2)
    parser.add_argument("--run")
    options = parser.parse_args()
    if options.serve is not None:
        _serve(*options.serve)
    elif options.run:
        print(json.dumps(_run(options.run)))
    else:
        for regions in options.regions or [1, 8]:
            for size in options.size or [1000, 20000]:
                _measure(size, regions)


def _measure(size: int, regions: int) -> None:
    server = subprocess.Popen(
        [sys.executable, __file__, "--serve", str(size), str(regions)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        endpoint = server.stdout.readline().strip() if server.stdout else ""
        done = subprocess.run(
            [sys.executable, __file__, "--run", endpoint],
            check=True,
            stdout=subprocess.PIPE,
            timeout=600,
            cwd=ROOT,
            env={**os.environ, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"},
        )
    finally:
        server.kill()
        server.communicate()
    row = json.loads(done.stdout)
    print(
        f"{size * regions:>7} resources in {regions} regions: peak {row['rss'] / 1e6:.0f} MB "
        f"(allowed {LIMIT / 1e6:.0f}), after loading {row['loaded'] / 1e6:.0f}; "
        f"{row['cpu']:.2f} s CPU, {row['findings']} findings sealed"
    )
    sys.stdout.flush()


def _run(endpoint: str) -> dict[str, Any]:
    from agent.evidence import keys  # noqa: PLC0415 - what is measured begins here
    from agent.evidence.log import Log  # noqa: PLC0415 - as above
    from agent.evidence.store import Store  # noqa: PLC0415 - as above
    from agent.pack import schema_source  # noqa: PLC0415 - as above
    from agent.rules.load import load_rules  # noqa: PLC0415 - as above
    from agent.run import CLOCK, Runner, Task  # noqa: PLC0415 - as above
    from checks.aws.clients import Access, Clients  # noqa: PLC0415 - as above
    from checks.aws.session import AwsSession  # noqa: PLC0415 - as above
    from checks.load import load_checks  # noqa: PLC0415 - as above

    checks = load_checks()
    rules = load_rules([ROOT / "rules"], checks, schema_source())
    clients, access = Clients(checks.values()), Access(endpoint_url=endpoint)
    with tempfile.TemporaryDirectory() as folder:
        key = keys.generate(Path(folder, "key"), "assay.bench/agent")
        with (
            Store.open(Path(folder, "evidence.db")) as store,
            Log.open(store, key, at=CLOCK.now()) as log,
        ):
            runner = Runner(log, checks, deadline=timedelta(minutes=10))
            loaded, cpu, findings = _peak(), time.process_time(), 0
            for _ in range(2):
                session = AwsSession(clients, access)
                done = runner.run(Task(session=session, rules={RULE: rules[RULE]}))
                if hasattr(done, "reason"):
                    raise SystemExit(f"the run failed: {done}")
                findings += sum(done.sealed.counts[RULE].values())
            return {
                "cpu": time.process_time() - cpu,
                "rss": _peak(),
                "loaded": loaded,
                "findings": findings,
            }


def _peak() -> int:
    """Bytes. Of this program alone: `ru_maxrss` begins with what the starting process had."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def _serve(size: int, regions: int) -> None:
    """Answer the three calls of the run: who, where, and a page of volumes."""

    class Server(ThreadingMixIn, WSGIServer):
        daemon_threads = True

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        form = parse_qs(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode())
        body = _answer(form, size, regions).encode()
        start_response("200 OK", [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))])
        return [body]

    with make_server("127.0.0.1", 0, app, Server, Quiet) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


def _answer(form: dict[str, list[str]], size: int, regions: int) -> str:
    action, start = form["Action"][0], int(form.get("NextToken", ["0"])[0])
    if action == "GetCallerIdentity":
        return (
            "<GetCallerIdentityResponse><GetCallerIdentityResult>"
            "<Arn>arn:aws:iam::123456789012:user/assay</Arn><UserId>AIDAX</UserId>"
            "<Account>123456789012</Account></GetCallerIdentityResult><ResponseMetadata>"
            "<RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
        )
    if action == "DescribeRegions":
        rows = "".join(
            f"<item><regionName>{name}</regionName>"
            "<optInStatus>opt-in-not-required</optInStatus></item>"
            for name in REGIONS[:regions]
        )
        return (
            "<DescribeRegionsResponse><requestId>2</requestId>"
            f"<regionInfo>{rows}</regionInfo></DescribeRegionsResponse>"
        )
    end = min(start + PAGE, size)
    more = f"<nextToken>{end}</nextToken>" if end < size else ""
    items = "".join(map(_volume, range(start, end)))
    return (
        f"<DescribeVolumesResponse><requestId>3</requestId>"
        f"<volumeSet>{items}</volumeSet>{more}</DescribeVolumesResponse>"
    )


def _volume(number: int) -> str:
    """A volume as AWS describes it, one in seven not encrypted."""
    encrypted = "false" if number % 7 == 0 else "true"
    return (
        f"<item><volumeId>vol-{number:017x}</volumeId><size>8</size><snapshotId/>"
        "<availabilityZone>us-east-1a</availabilityZone><status>in-use</status>"
        "<createTime>2026-01-02T03:04:05.000Z</createTime><attachmentSet><item>"
        f"<volumeId>vol-{number:017x}</volumeId><instanceId>i-{number:017x}</instanceId>"
        "<device>/dev/sda1</device><status>attached</status>"
        "<attachTime>2026-01-02T03:04:05.000Z</attachTime>"
        "<deleteOnTermination>true</deleteOnTermination></item></attachmentSet>"
        "<volumeType>gp3</volumeType><iops>3000</iops><throughput>125</throughput>"
        f"<encrypted>{encrypted}</encrypted><multiAttachEnabled>false</multiAttachEnabled>"
        f"<tagSet><item><key>Name</key><value>data-{number}</value></item></tagSet></item>"
    )


if __name__ == "__main__":
    main()
