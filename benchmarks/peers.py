"""The 24 checks on which other tools were measured: calls, processor time, memory, throughput.

    python benchmarks/peers.py [--scale 1 --scale 10] [--seed 7]

For each scale: a seeded cloud, then in processes of their own, so that nothing is warmed or counted
twice: the agent's collection, a whole run of the agent (judged and sealed), and a bare boto3 client
with its defaults that makes the very same requests. Walls depend on the cloud, which is moto with
one interpreter lock; processor time, memory and calls do not.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
REGIONS = ("us-east-1", "eu-west-1")
THREADS = 16
ROUNDS = 3
PEERS = """
    Measured by others' own means on 24 equal checks and 1,191 resources (study of 2026-11):
      theoretical minimum      872 calls
      bare boto3 client        872 calls   4.4 s CPU   103 MiB
      Cloud Custodian 0.9.53  1948 calls  15.6 s CPU   157 MiB   (with its cache)
      Prowler 5.46.0          3718 calls  48.7 s CPU   462 MiB
"""


def main() -> None:
    """Print one table a scale, then what is known of the peers."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=int, action="append")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--child", nargs=3, metavar=("WHAT", "ENDPOINT", "FOLDER"))
    options = parser.parse_args()
    if options.child:
        what, endpoint, folder = options.child
        print(json.dumps(CHILDREN[what](endpoint, Path(folder))))
        return
    for scale in options.scale or [1, 10]:
        _measure(scale, options.seed)
    print(PEERS)


def _measure(scale: int, seed: int) -> None:
    from agent.demo.process import start_cloud  # noqa: PLC0415 - not in the measured processes
    from agent.demo.seed import seed_cloud  # noqa: PLC0415 - as above

    with start_cloud() as cloud, tempfile.TemporaryDirectory() as folder:
        truth = seed_cloud(cloud, scale=scale, seed=seed, regions=REGIONS)
        minimum = _minimum(truth)
        rows = {}
        for what in ("collect", "bare", "run") * ROUNDS:
            cloud.reset()
            row = _child(what, cloud.endpoint, folder)
            row["calls"] = sum(cloud.counts().values())
            # The least disturbed round: other work on the machine only ever adds.
            rows[what] = min(row, rows.get(what, row), key=lambda one: one["cpu"])
        throughput = _child("evaluate", cloud.endpoint, folder)
    print(f"scale {scale}: {len(truth.resources)} resources, theoretical minimum {minimum} calls")
    for what, name in (
        ("bare", "bare boto3 client"),
        ("collect", "Assay, collection"),
        ("run", "Assay, a whole run"),
    ):
        row = rows[what]
        print(
            f"  {name:<19} {row['calls']:>5} calls  {row['cpu']:6.2f} s CPU"
            f"  {row['rss']:4.0f} MiB  {row['wall']:6.2f} s"
        )
    ratio = rows["collect"]["cpu"] / rows["bare"]["cpu"]
    print(f"  collection : bare client = {ratio:.2f} of the CPU (wanted: at most 1.20)")
    print(
        f"  evaluation: {throughput['findings']} findings, "
        f"{throughput['rate']:,.0f} a CPU second (wanted: 150,000)"
    )
    sys.stdout.flush()


def _child(what: str, endpoint: str, folder: str) -> dict[str, Any]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {
        "AWS_ACCESS_KEY_ID": "demo",
        "AWS_SECRET_ACCESS_KEY": "demo",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    done = subprocess.run(
        [sys.executable, __file__, "--child", what, endpoint, folder],
        check=True,
        stdout=subprocess.PIPE,
        timeout=600,
        cwd=ROOT,
        env=environment,
    )
    return json.loads(done.stdout)


def _minimum(truth: Any) -> int:
    """The calls that the 24 checks take, from what there is: see `min_calls` of the study."""
    count = {kind: len(truth.of(kind)) for kind in {one.kind for one in truth.resources}}
    return sum(
        (
            2,  # who are we, which regions are there
            2,  # the password policy and the account summary
            2,  # the credential report
            2,  # the buckets, and the account's own block of public access
            5 * count["aws.s3.bucket"],
            # trails, volumes, groups, VPCs, flow logs, EBS default, instances of RDS, keys,
            # tables, queues, load balancers: a listing in each region
            11 * len(REGIONS),
            2 * count["aws.kms.key"],
            # The list of keys says nothing of them; those of tables and queues say a name each.
            count["aws.cloudtrail.trail"],
            count["aws.dynamodb.table"],
            count["aws.sqs.queue"],
            count["aws.elbv2.load_balancer"],
            _more_pages(count),
        )
    )


def _more_pages(count: dict[str, int]) -> int:
    """Pages beyond the first, where a service gives few rows a page; each region has half."""
    pages = {"aws.dynamodb.table": 100, "aws.rds.db_instance": 100}
    return sum(
        len(REGIONS) * ((count[kind] // len(REGIONS) - 1) // size) for kind, size in pages.items()
    )


def _world(endpoint: str) -> tuple[Any, ...]:
    from agent.pack import schema_source  # noqa: PLC0415 - as above
    from agent.plan import make_plan  # noqa: PLC0415 - what is measured begins here
    from agent.rules.load import load_rules  # noqa: PLC0415 - as above
    from checks.aws.clients import Access, Clients  # noqa: PLC0415 - as above
    from checks.aws.session import AwsSession  # noqa: PLC0415 - as above
    from checks.load import load_checks  # noqa: PLC0415 - as above

    checks = load_checks()
    lines = (ROOT / "tests/data/peer_checks.txt").read_text().splitlines()
    names = {line for line in lines if line and not line.startswith("#")}
    every = load_rules([ROOT / "rules"], checks, schema_source())
    rules = {name: rule for name, rule in every.items() if name in names}
    if rules.keys() != names:
        raise SystemExit(f"no such rules: {sorted(names - rules.keys())}")
    access = Access(endpoint_url=endpoint, regions=REGIONS)
    session = AwsSession(Clients(checks.values(), threads=THREADS), access)
    return checks, rules, make_plan(rules, checks), session


def _measured(work: Any) -> dict[str, Any]:
    """Processor time of `work`, imports and the loading of documents left out, and the peak."""
    wall, cpu = time.monotonic(), time.process_time()
    work()
    return {
        "cpu": time.process_time() - cpu,
        "wall": time.monotonic() - wall,
        "rss": _peak(),
    }


def _peak() -> float:
    """MiB. Of this program alone: `ru_maxrss` begins with what the starting process had."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _collect(endpoint: str, folder: Path) -> dict[str, Any]:
    """Collect and let go; note the requests for the bare client to make."""
    from agent.run import CLOCK  # noqa: PLC0415 - as above
    from checks.collect import collect  # noqa: PLC0415 - as above

    checks, _, plan, session = _world(endpoint)
    asked: list[Any] = []
    request = session.request

    def noted(call: Any, params: Any, region: str, after: Any = None) -> Any:
        asked.append((call.service, call.operation, dict(params), region, after))
        return request(call, params, region, after)

    session.request = noted

    def work() -> None:
        for part in collect(
            session, checks, plan.facets, clock=CLOCK, deadline=600, threads=THREADS
        ):
            if part.gaps or any(one.gaps for one in part.resources):
                raise SystemExit(f"not seen: {part}")

    measured = _measured(work)
    (folder / "asked.json").write_text(json.dumps(asked))
    return measured


def _bare(_endpoint: str, folder: Path) -> dict[str, Any]:
    """Make the same requests with boto3 as it comes; a client for each service and region."""
    import boto3  # noqa: PLC0415 - what is measured begins here
    import botocore.exceptions  # noqa: PLC0415 - as above

    asked = json.loads((folder / "asked.json").read_text())
    session = boto3.Session()

    def ask(client: Any, operation: str, params: dict[str, Any]) -> None:
        try:
            getattr(client, boto3.session.botocore.xform_name(operation))(**params)
        except botocore.exceptions.ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
                raise

    def work() -> None:
        clients = {
            (service, region): _client(session, service, region, _endpoint)
            for service, region in sorted({(one[0], one[3]) for one in asked})
        }
        with ThreadPoolExecutor(THREADS) as pool:
            futures = [
                pool.submit(ask, clients[service, region], operation, {**params, **(after or {})})
                for service, operation, params, region, after in asked
            ]
            for future in futures:
                future.result()

    return _measured(work)


def _client(session: Any, service: str, region: str, endpoint: str) -> Any:
    client = session.client(service, region_name=region or "us-east-1", endpoint_url=endpoint)
    if service == "s3control":  # an account's own host name, which loopback does not have
        client.meta.events.register("before-sign.s3-control", _one_host)
    return client


def _one_host(request: Any, **_: Any) -> None:
    request.url = request.url.replace("//123456789012.", "//")


def _run(endpoint: str, folder: Path) -> dict[str, Any]:
    """A whole run: collected, judged, sealed."""
    from agent.evidence import keys  # noqa: PLC0415 - as above
    from agent.evidence.log import Log  # noqa: PLC0415 - as above
    from agent.evidence.store import Store  # noqa: PLC0415 - as above
    from agent.run import CLOCK, Runner, Task  # noqa: PLC0415 - as above

    checks, rules, _, session = _world(endpoint)
    own = Path(tempfile.mkdtemp(dir=folder))
    key = keys.generate(own / "key", "assay.bench/agent")
    with (
        Store.open(own / "evidence.db") as store,
        Log.open(store, key, at=CLOCK.now()) as log,
    ):
        runner = Runner(log, checks, deadline=timedelta(minutes=10), threads=THREADS)
        return _measured(lambda: _must(runner.run(Task(session=session, rules=rules))))


def _must(done: Any) -> None:
    if hasattr(done, "reason"):
        raise SystemExit(f"the run failed: {done}")


def _evaluate(endpoint: str, _folder: Path) -> dict[str, Any]:
    """Judge everything that was collected, over and over for two seconds."""
    from agent.evaluate import evaluate  # noqa: PLC0415 - as above
    from agent.run import CLOCK  # noqa: PLC0415 - as above
    from checks.collect import collect  # noqa: PLC0415 - as above

    checks, _, plan, session = _world(endpoint)
    parts = list(collect(session, checks, plan.facets, clock=CLOCK, deadline=600, threads=THREADS))
    now, target = CLOCK.now(), session.target
    findings = rounds = 0
    began = time.process_time()
    while time.process_time() - began < 2:
        rounds += 1
        for part in parts:
            for rule in plan.rules_by_check.get(part.check, ()):
                findings += len(evaluate(rule, part, now=now, target=target)[0])
    return {
        "findings": findings // rounds,
        "rate": findings / (time.process_time() - began),
    }


CHILDREN = {"collect": _collect, "bare": _bare, "run": _run, "evaluate": _evaluate}

if __name__ == "__main__":
    main()
