"""Networks and the machines in them: VPC, security groups, instances, load balancers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agent.demo.ground import Ground, Place, Seeded
from agent.demo.seeding.storage import log_bucket

WORLD = "0.0.0.0/0"
_OFFICE = "10.20.0.0/16"


def found(ground: Ground, region: str) -> Iterator[Seeded]:
    """What the provider made by itself: the default VPC of a region, with all that is in it."""
    ec2 = ground.client("ec2", region)
    for one in ec2.describe_vpcs()["Vpcs"]:
        yield _vpc(ground, region, one["VpcId"], flow=False, default=True)
        yield from _default_group(ground, region, one["VpcId"], closed=False)
        yield from _default_acl(ground, region, one["VpcId"])
    for one in ec2.describe_subnets()["Subnets"]:
        yield _subnet(ground, region, one["SubnetId"], public=one["MapPublicIpOnLaunch"])


def main_vpc(ground: Ground, region: str) -> Iterator[Seeded]:
    """The VPC in which everything runs, with two subnets; its flow log goes to the log bucket."""
    yield from _make_vpc(ground, region, 0, name="main", flow=True, closed=True, of=2)


def vpc(ground: Ground, region: str, i: int) -> Iterator[Seeded]:
    """A VPC in which nothing runs."""
    flow = ground.good("vpc", "flow", i)
    closed = ground.good("vpc", "closed", i)
    yield from _make_vpc(ground, region, i + 1, name=f"side-{i}", flow=flow, closed=closed, of=1)


def _make_vpc(
    ground: Ground, region: str, i: int, *, name: str, flow: bool, closed: bool, of: int
) -> Iterator[Seeded]:
    ec2 = ground.client("ec2", region)
    base = f"10.{i % 200}"
    made = ec2.create_vpc(
        CidrBlock=f"{base}.0.0/16",
        TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": name}]}],
    )["Vpc"]["VpcId"]
    used = name == "main"
    reaches = used and region == ground.home
    if reaches:
        ec2.create_vpc_endpoint(VpcId=made, ServiceName=f"com.amazonaws.{region}.s3")
    more = {"zones": of > 1, "used": used, "endpoint": reaches}
    yield _vpc(ground, region, made, flow=flow, default=False, **more)
    yield from _default_group(ground, region, made, closed=closed)
    yield from _default_acl(ground, region, made)
    subnets = []
    for n in range(of):
        subnet = ec2.create_subnet(
            VpcId=made, CidrBlock=f"{base}.{n}.0/24", AvailabilityZone=f"{region}{'ab'[n]}"
        )["Subnet"]["SubnetId"]
        public = n == 0 and name != "main" and not ground.good("subnet", "private", i)
        if public:
            ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
        yield _subnet(ground, region, subnet, public=public)
        subnets.append(subnet)
    if name == "main":
        ground.places[region] = Place(vpc=made, subnets=tuple(subnets))
    if flow:
        made_log = ec2.create_flow_logs(
            ResourceIds=[made],
            ResourceType="VPC",
            TrafficType="ALL",
            LogDestinationType="s3",
            LogDestination=f"arn:aws:s3:::{log_bucket(region)}",
        )["FlowLogIds"][0]
        yield Seeded(
            kind="aws.ec2.flow_log",
            id=ground.arn("ec2", region, f"vpc-flow-log/{made_log}"),
            region=region,
            handle=made_log,
        )


def _vpc(ground: Ground, region: str, made: str, **known: bool) -> Seeded:
    arn = ground.arn("ec2", region, f"vpc/{made}")
    facts = {"zones": True, "used": False, "endpoint": False, **known}
    return Seeded(kind="aws.ec2.vpc", id=arn, region=region, handle=made, facts=facts)


def _subnet(ground: Ground, region: str, made: str, *, public: bool) -> Seeded:
    arn = ground.arn("ec2", region, f"subnet/{made}")
    return Seeded(
        kind="aws.ec2.subnet", id=arn, region=region, handle=made, facts={"public": public}
    )


def _default_acl(ground: Ground, region: str, vpc_id: str) -> Iterator[Seeded]:
    acls = ground.client("ec2", region).describe_network_acls(
        Filters=[{"Name": "vpc-id", "Values": [vpc_id]}]
    )["NetworkAcls"]
    for acl in acls:
        handle = acl["NetworkAclId"]
        arn = ground.arn("ec2", region, f"network-acl/{handle}")
        facts = {"default": True, "admin_world": True}
        yield Seeded(kind="aws.ec2.network_acl", id=arn, region=region, handle=handle, facts=facts)


def _default_group(ground: Ground, region: str, vpc_id: str, *, closed: bool) -> Iterator[Seeded]:
    ec2 = ground.client("ec2", region)
    group = ec2.describe_security_groups(
        Filters=[
            {"Name": "vpc-id", "Values": [vpc_id]},
            {"Name": "group-name", "Values": ["default"]},
        ]
    )["SecurityGroups"][0]
    if closed:
        for way in ("IpPermissions", "IpPermissionsEgress"):
            revoke = (
                ec2.revoke_security_group_ingress
                if way == "IpPermissions"
                else ec2.revoke_security_group_egress
            )
            if group[way]:
                revoke(GroupId=group["GroupId"], IpPermissions=group[way])
    yield _group(
        ground,
        region,
        group["GroupId"],
        {"default": True, "closed": closed, "open": "", "used": False},
    )


def _group(ground: Ground, region: str, made: str, facts: dict[str, Any]) -> Seeded:
    arn = ground.arn("ec2", region, f"security-group/{made}")
    return Seeded(kind="aws.ec2.security_group", id=arn, region=region, handle=made, facts=facts)


# What a security group opens to the world, in turn; the empty ones open nothing that matters.
_OPENINGS = ("", "ssh", "", "database", "", "https", "rdp", "", "all", "ssh6", "range")


def opening(what: str, source: str = WORLD) -> list[dict[str, Any]]:
    """The permissions that open it: `ssh`, `ssh6`, `rdp`, `database`, `https`, `all`, `range`."""
    if what == "all":
        return [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": source}]}]
    first, last = {
        "ssh": (22, 22), "ssh6": (22, 22), "rdp": (3389, 3389), "database": (5432, 5432),
        "https": (443, 443), "range": (3000, 3400),
    }[what]  # fmt: skip
    ranges = (
        {"Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
        if what == "ssh6"
        else {"IpRanges": [{"CidrIp": source}]}
    )
    return [{"IpProtocol": "tcp", "FromPort": first, "ToPort": last, **ranges}]


def security_group(ground: Ground, region: str, i: int) -> Iterator[Seeded]:
    """A group of the main VPC; half of them are attached to nothing."""
    ec2 = ground.client("ec2", region)
    what = _OPENINGS[(i + ground.seed) % len(_OPENINGS)]
    made = ec2.create_security_group(
        GroupName=f"harbour-{i}", Description=what or "inside", VpcId=ground.places[region].vpc
    )["GroupId"]
    permissions = opening("ssh", _OFFICE) + (opening(what) if what else [])
    ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=permissions)
    used = i // len(ground.regions) % 2 == 0
    if used:
        ec2.create_network_interface(SubnetId=ground.places[region].subnets[0], Groups=[made])
    yield _group(
        ground, region, made, {"default": False, "closed": False, "open": what, "used": used}
    )


def network_acl(ground: Ground, region: str, i: int) -> Iterator[Seeded]:
    """A network ACL of the main VPC."""
    ec2 = ground.client("ec2", region)
    world = not ground.good("acl", "admin", i)
    made = ec2.create_network_acl(VpcId=ground.places[region].vpc)["NetworkAcl"]["NetworkAclId"]
    ec2.create_network_acl_entry(
        NetworkAclId=made,
        RuleNumber=100,
        Protocol="6",
        RuleAction="allow",
        Egress=False,
        CidrBlock=WORLD if world else _OFFICE,
        PortRange={"From": 22, "To": 22},
    )
    yield Seeded(
        kind="aws.ec2.network_acl",
        id=ground.arn("ec2", region, f"network-acl/{made}"),
        region=region,
        handle=made,
        facts={"default": False, "admin_world": world},
    )


_OWNED: Any = {"ResourceType": "instance", "Tags": [{"Key": "owner", "Value": "web"}]}


def instance(ground: Ground, region: str, i: int) -> Iterator[Seeded]:
    """A running machine with its root volume."""
    ec2 = ground.client("ec2", region)
    good = ground.draw("instance", i, "imdsv2", "private", "encrypted", "role", "clean", "owned")
    disk: dict[str, Any] = {
        "VolumeSize": 8,
        "Encrypted": good["encrypted"],
        "DeleteOnTermination": True,
    }
    if good["encrypted"]:
        disk["KmsKeyId"] = f"alias/harbour-{region}"
    made = ec2.run_instances(
        ImageId="ami-0123456789abcdef0",
        InstanceType="t3.small",
        MinCount=1,
        MaxCount=1,
        UserData="#!/bin/sh\n" + ("date" if good["clean"] else "DB_PASSWORD=hunter2-hunter2"),
        MetadataOptions={"HttpTokens": "required" if good["imdsv2"] else "optional"},
        BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": disk}],
        NetworkInterfaces=[
            {
                "DeviceIndex": 0,
                "SubnetId": ground.places[region].subnets[i % 2],
                "AssociatePublicIpAddress": not good["private"],
            }
        ],
        **({"IamInstanceProfile": {"Name": "harbour-web"}} if good["role"] else {}),
        **({"TagSpecifications": [_OWNED]} if good["owned"] else {}),
    )["Instances"][0]
    handle = made["InstanceId"]
    arn = ground.arn("ec2", region, f"instance/{handle}")
    yield Seeded(kind="aws.ec2.instance", id=arn, region=region, handle=handle, facts=good)
    for mapping in made["BlockDeviceMappings"]:
        disk_id = mapping["Ebs"]["VolumeId"]
        yield Seeded(
            kind="aws.ebs.volume",
            id=ground.arn("ec2", region, f"volume/{disk_id}"),
            region=region,
            handle=disk_id,
            facts={"encrypted": good["encrypted"], "in_use": True},
        )


def image(ground: Ground, region: str, i: int) -> Iterator[Seeded]:
    """A machine image of the account's own."""
    ec2 = ground.client("ec2", region)
    public = not ground.good("image", "private", i)
    made = ec2.register_image(
        Name=f"harbour-base-{i}", RootDeviceName="/dev/sda1", Architecture="x86_64"
    )["ImageId"]
    # Registering an image makes a snapshot for its root device.
    described = ec2.describe_images(ImageIds=[made])["Images"][0]["BlockDeviceMappings"]
    for snapshot in (mapping["Ebs"]["SnapshotId"] for mapping in described):
        yield Seeded(
            kind="aws.ebs.snapshot",
            id=f"arn:aws:ec2:{region}::snapshot/{snapshot}",
            region=region,
            handle=snapshot,
            facts={"encrypted": False, "public": False},
        )
    if public:
        ec2.modify_image_attribute(ImageId=made, LaunchPermission={"Add": [{"Group": "all"}]})
    yield Seeded(
        kind="aws.ec2.image",
        id=f"arn:aws:ec2:{region}::image/{made}",
        region=region,
        handle=made,
        facts={"public": public},
    )


def load_balancer(ground: Ground, region: str, i: int) -> Iterator[Seeded]:
    """An application load balancer with one listener."""
    elb = ground.client("elbv2", region)
    good = ground.draw("elb", i, "logging", "protected", "drop", "https")
    made = elb.create_load_balancer(
        Name=f"harbour-{i}",
        Subnets=list(ground.places[region].subnets),
        Type="application",
        Scheme="internet-facing",
    )["LoadBalancers"][0]
    arn = made["LoadBalancerArn"]
    elb.modify_load_balancer_attributes(
        LoadBalancerArn=arn,
        Attributes=[
            {"Key": "access_logs.s3.enabled", "Value": str(good["logging"]).lower()},
            {"Key": "access_logs.s3.bucket", "Value": log_bucket(region)},
            {"Key": "deletion_protection.enabled", "Value": str(good["protected"]).lower()},
            {
                "Key": "routing.http.drop_invalid_header_fields.enabled",
                "Value": str(good["drop"]).lower(),
            },
        ],
    )
    yield Seeded(kind="aws.elbv2.load_balancer", id=arn, region=region, handle=arn, facts=good)
    yield _listener(ground, region, arn, good, i)


def _listener(ground: Ground, region: str, balancer: str, good: dict[str, bool], i: int) -> Seeded:
    elb = ground.client("elbv2", region)
    group = elb.create_target_group(
        Name=f"harbour-{i}", Protocol="HTTP", Port=8080, VpcId=ground.places[region].vpc
    )["TargetGroups"][0]["TargetGroupArn"]
    modern = ground.good("listener", "modern", i)
    secure: dict[str, Any] = {
        "Protocol": "HTTPS",
        "Port": 443,
        "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06"
        if modern
        else "ELBSecurityPolicy-2016-08",
        "Certificates": [
            {"CertificateArn": f"arn:aws:iam::{ground.account}:server-certificate/harbour"}
        ],
    }
    made = elb.create_listener(
        LoadBalancerArn=balancer,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        **(secure if good["https"] else {"Protocol": "HTTP", "Port": 80}),
    )["Listeners"][0]["ListenerArn"]
    return Seeded(
        kind="aws.elbv2.listener",
        id=f"{balancer}#{made}",
        region=region,
        handle=made,
        facts={"https": good["https"], "modern": modern},
    )


def web_profile(ground: Ground) -> Iterator[Seeded]:
    """The instance profile `harbour-web`; no check of its own observes profiles."""
    ground.client("iam").create_instance_profile(InstanceProfileName="harbour-web")
    yield from ()
