"""Prints what looking costs: memory at 1,000 and 20,000 resources, CPU beside a bare boto3 client.

The server is a small one of our own in another process that answers EC2 and S3 listings and
bucket settings from templates, so that its work is neither in our CPU time nor in the way.

    python benchmarks/collect.py
"""
# ruff: noqa: E501  # one call of a check is one line

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlsplit

sys.path.insert(0, str(Path(__file__).parent.parent))

PAGE = 1000
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
CHECKS = """
aws.ec2.volume:
  doc: A volume.
  scope: region
  list: {service: ec2, operation: DescribeVolumes, items: Volumes, params: {MaxResults: 1000}, needs: "ec2:DescribeVolumes"}
  id: "arn:{partition}:ec2:{region}:{account}:volume/{VolumeId}"
aws.s3.bucket:
  doc: A bucket.
  scope: account
  list: {service: s3, operation: ListBuckets, items: Buckets, params: {MaxBuckets: 1000}, needs: "s3:ListAllMyBuckets"}
  id: "arn:{partition}:s3:::{Name}"
  region: BucketRegion
  facets:
    Encryption: {operation: GetBucketEncryption, params: {Bucket: "{Name}"}, select: ServerSideEncryptionConfiguration, needs: "s3:GetEncryptionConfiguration"}
    Versioning: {operation: GetBucketVersioning, params: {Bucket: "{Name}"}, needs: "s3:GetBucketVersioning"}
"""


class Server(BaseHTTPRequestHandler):
    """Answers as AWS does, for as many resources as it was told."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 20
    volumes = 0
    buckets = 0

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer S3."""
        parts = urlsplit(self.path)
        query = parse_qs(parts.query, keep_blank_values=True)
        if "versioning" in query:
            self.answer(
                "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
            )
        elif "encryption" in query:
            self.answer(
                "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>"
                "<SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>"
                "</ServerSideEncryptionConfiguration>"
            )
        else:
            self.page(int(query.get("continuation-token", ["0"])[0]), self.buckets, _buckets)

    def do_POST(self) -> None:
        """Answer STS and EC2."""
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        form = parse_qs(body)
        if form["Action"][0] == "GetCallerIdentity":
            self.answer(
                "<GetCallerIdentityResponse><GetCallerIdentityResult>"
                "<Arn>arn:aws:iam::123456789012:user/a</Arn><Account>123456789012</Account>"
                "<UserId>u</UserId></GetCallerIdentityResult><ResponseMetadata>"
                "<RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
            )
        elif form["Action"][0] == "DescribeRegions":
            self.answer(
                "<R><requestId>r</requestId><regionInfo><item><regionName>us-east-1</regionName>"
                "<optInStatus>opt-in-not-required</optInStatus></item></regionInfo></R>"
            )
        else:
            self.page(int(form.get("NextToken", ["0"])[0]), self.volumes, _volumes)

    def page(self, start: int, count: int, render: object) -> None:
        """One page of a listing."""
        end = min(count, start + PAGE)
        self.answer(render(start, end, str(end) if end < count else ""))  # type: ignore[operator]  # a function

    def answer(self, text: str) -> None:
        """Send an XML document."""
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("x-amz-request-id", "r")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _volumes(start: int, end: int, token: str) -> str:
    rows = "".join(
        f"<item><volumeId>vol-{n:017x}</volumeId><size>100</size><snapshotId>snap-{n:017x}</snapshotId>"
        f"<availabilityZone>us-east-1a</availabilityZone><status>in-use</status>"
        f"<createTime>2026-01-31T10:00:00.000Z</createTime><attachmentSet><item>"
        f"<volumeId>vol-{n:017x}</volumeId><instanceId>i-{n:017x}</instanceId><device>/dev/sda1</device>"
        f"<status>attached</status><attachTime>2026-01-31T10:00:00.000Z</attachTime>"
        f"<deleteOnTermination>true</deleteOnTermination></item></attachmentSet><tagSet><item>"
        f"<key>Name</key><value>disk {n}</value></item><item><key>Owner</key><value>team</value></item>"
        f"</tagSet><volumeType>gp3</volumeType><encrypted>true</encrypted><iops>3000</iops></item>"
        for n in range(start, end)
    )
    more = f"<nextToken>{token}</nextToken>" if token else ""
    return f"<R><requestId>r</requestId><volumeSet>{rows}</volumeSet>{more}</R>"


def _buckets(start: int, end: int, token: str) -> str:
    rows = "".join(
        f"<Bucket><Name>bucket-{n}</Name><CreationDate>2026-01-31T10:00:00.000Z</CreationDate>"
        f"<BucketRegion>us-east-1</BucketRegion></Bucket>"
        for n in range(start, end)
    )
    more = f"<ContinuationToken>{token}</ContinuationToken>" if token else ""
    return f"<ListAllMyBucketsResult><Buckets>{rows}</Buckets>{more}</ListAllMyBucketsResult>"


def serve(volumes: int, buckets: int) -> None:
    """Serve until the input ends."""
    Server.volumes, Server.buckets = volumes, buckets
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    print(server.server_port, flush=True)
    import threading  # noqa: PLC0415  # the server's process alone needs it

    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


def ours(url: str, threads: int) -> dict[str, float]:
    """Collect everything with Assay; nothing is kept."""
    from checks.aws.clients import Access, Clients  # noqa: PLC0415  # measured from here
    from checks.aws.session import AwsSession  # noqa: PLC0415  # as above
    from checks.collect import collect  # noqa: PLC0415  # as above
    from checks.limits import Clock  # noqa: PLC0415  # as above
    from checks.load import load_checks  # noqa: PLC0415  # as above

    with TemporaryDirectory() as folder:
        file = Path(folder) / "checks.yaml"
        file.write_text(CHECKS)
        checks = load_checks([file], shipped=False)
    clock = Clock(
        now=lambda: datetime.now(UTC),
        monotonic=time.monotonic,
        sleep=time.sleep,
        random=random.random,
    )
    clients = Clients(checks.values(), threads=threads)
    access = Access(endpoint_url=url, region="us-east-1")
    for service in ("sts", "ec2", "s3"):  # the models are loaded before the clock starts
        with clients.client(access, service, "us-east-1"):
            pass
    begun = time.process_time()
    run = collect(
        AwsSession(clients, access),
        checks,
        {"aws.ec2.volume": frozenset(), "aws.s3.bucket": frozenset({"Encryption", "Versioning"})},
        clock=clock,
        deadline=3600,
        threads=threads,
    )
    seen = sum(len(part.resources) for part in run)
    return _figures(begun, seen, run.collection.requests)


def bare(url: str, threads: int) -> dict[str, float]:
    """Make the same calls with boto3 as it comes: its paginators, and a pool for the details."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # as above

    import boto3  # noqa: PLC0415  # as above
    from botocore.config import Config  # noqa: PLC0415  # as above

    options = {"endpoint_url": url, "region_name": "us-east-1"}
    ec2 = boto3.client("ec2", **options)
    s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}), **options)
    sts = boto3.client("sts", **options)
    begun = time.process_time()
    sts.get_caller_identity()
    ec2.describe_regions()
    calls, seen = 2, 0
    for page in ec2.get_paginator("describe_volumes").paginate(PaginationConfig={"PageSize": PAGE}):
        calls, seen = calls + 1, seen + len(page["Volumes"])
    with ThreadPoolExecutor(threads) as pool:
        for page in s3.get_paginator("list_buckets").paginate(PaginationConfig={"PageSize": PAGE}):
            names = [bucket["Name"] for bucket in page["Buckets"]]
            list(pool.map(lambda name: s3.get_bucket_encryption(Bucket=name), names))
            list(pool.map(lambda name: s3.get_bucket_versioning(Bucket=name), names))
            calls, seen = calls + 1 + 2 * len(names), seen + len(names)
    return _figures(begun, seen, calls)


def _figures(begun: float, seen: int, calls: int) -> dict[str, float]:
    return {
        "cpu": time.process_time() - begun,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "seen": seen,
        "calls": calls,
    }


def measure(which: str, volumes: int, buckets: int, threads: int = 8) -> dict[str, float]:
    """Run one side in a fresh process beside a fresh server."""
    command = [sys.executable, __file__]
    environment = {**os.environ, **ENVIRONMENT}
    with subprocess.Popen(
        [*command, "serve", str(volumes), str(buckets)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        done = subprocess.run(
            [*command, which, url, str(threads)],
            check=True,
            capture_output=True,
            text=True,
            timeout=900,
            env=environment,
        )
        server.stdin.close()
        server.wait(timeout=30)
    return dict(json.loads(done.stdout))


def main() -> None:
    """Print the table."""
    print("| what | resources | calls | CPU s | peak MiB |")
    print("|---|---|---|---|---|")
    for volumes, buckets in ((500, 500), (19_500, 500)):
        for which in ("ours", "bare"):
            runs = [measure(which, volumes, buckets) for _ in range(3)]
            best = min(runs, key=lambda one: one["cpu"])
            print(
                f"| {which} | {best['seen']:,.0f} | {best['calls']:,.0f} | {best['cpu']:.2f} "
                f"| {best['peak']:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", volumes, buckets]:
            serve(int(volumes), int(buckets))
        case ["ours", url, threads]:
            print(json.dumps(ours(url, int(threads))))
        case ["bare", url, threads]:
            print(json.dumps(bare(url, int(threads))))
        case _:
            main()
