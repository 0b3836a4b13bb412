"""Instances, their images and templates, and the network around them."""

from datetime import timedelta
from typing import Any

from moto_cases import REGION, Canned, Case, ClientOf, Make

WORLD = [{"CidrIp": "0.0.0.0/0"}]
OFFICE = [{"CidrIp": "203.0.113.0/24"}]


def _image(client: ClientOf) -> str:
    ec2 = client("ec2")
    found = ec2.describe_images()["Images"]
    # Some tests spare moto the making of 1,300 images of its own.
    return str((found[0] if found else ec2.register_image(Name="base"))["ImageId"])


def _subnet(client: ClientOf, **options: Any) -> str:
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    return str(
        ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24", **options)["Subnet"]["SubnetId"]
    )


def _instance(**options: Any) -> Make:
    def make(client: ClientOf) -> str:
        settings = {"ImageId": _image(client), "MinCount": 1, "MaxCount": 1, **options}
        if "SubnetId" not in settings and "NetworkInterfaces" not in settings:
            settings["SubnetId"] = _subnet(client)
        return str(client("ec2").run_instances(**settings)["Instances"][0]["InstanceId"])

    return make


def _addressed(client: ClientOf) -> str:
    interface = {
        "DeviceIndex": 0,
        "SubnetId": _subnet(client),
        "AssociatePublicIpAddress": True,
    }
    return _instance(NetworkInterfaces=[interface])(client)


def _with_role(client: ClientOf) -> str:
    iam = client("iam")
    iam.create_instance_profile(InstanceProfileName="app")
    return _instance(IamInstanceProfile={"Name": "app"})(client)


def _group(port: int, ranges: list[dict[str, str]], protocol: str = "tcp") -> Make:
    def make(client: ClientOf) -> str:
        ec2 = client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
        made = ec2.create_security_group(GroupName="it", Description="it", VpcId=vpc)["GroupId"]
        rule: dict[str, Any] = {"IpProtocol": protocol, "IpRanges": ranges}
        if protocol != "-1":
            rule |= {"FromPort": port, "ToPort": port}
        ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[rule])
        return str(made)

    return make


def _default(*, emptied: bool) -> Make:
    def make(client: ClientOf) -> str:
        ec2 = client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
        filters = [
            {"Name": "vpc-id", "Values": [vpc]},
            {"Name": "group-name", "Values": ["default"]},
        ]
        found = ec2.describe_security_groups(Filters=filters)["SecurityGroups"][0]
        group = found["GroupId"]
        if emptied:
            for kind, rules in (
                ("ingress", found["IpPermissions"]),
                ("egress", found["IpPermissionsEgress"]),
            ):
                if rules:
                    revoke = getattr(ec2, f"revoke_security_group_{kind}")
                    revoke(GroupId=group, IpPermissions=rules)
        return str(group)

    return make


def _used(client: ClientOf) -> str:
    ec2 = client("ec2")
    subnet = _subnet(client)
    vpc = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["VpcId"]
    made = ec2.create_security_group(GroupName="it", Description="it", VpcId=vpc)["GroupId"]
    ec2.create_network_interface(SubnetId=subnet, Groups=[made])
    return str(made)


def _acl(port: int) -> Make:
    def make(client: ClientOf) -> str:
        ec2 = client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.6.0.0/16")["Vpc"]["VpcId"]
        made = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
        ec2.create_network_acl_entry(
            NetworkAclId=made,
            RuleNumber=100,
            Protocol="6",
            RuleAction="allow",
            Egress=False,
            CidrBlock="0.0.0.0/0",
            PortRange={"From": port, "To": port},
        )
        return str(made)

    return make


def _public_subnet(client: ClientOf) -> str:
    subnet = _subnet(client)
    client("ec2").modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    return subnet


def _template(**data: Any) -> Make:
    def make(client: ClientOf) -> str:
        ec2 = client("ec2")
        settings = {"InstanceType": "t3.micro", **data}
        made = ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=settings)
        return str(made["LaunchTemplate"]["LaunchTemplateId"])

    return make


def _own_image(*, public: bool) -> Make:
    def make(client: ClientOf) -> str:
        ec2 = client("ec2")
        instance = _instance()(client)
        image = ec2.create_image(InstanceId=instance, Name="own")["ImageId"]
        if public:
            ec2.modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"Group": "all"}]})
        return str(image)

    return make


def _tunnels(*states: str) -> dict[str, dict[str, Any]]:
    telemetry = [{"Status": state, "OutsideIpAddress": "203.0.113.9"} for state in states]
    one = {"VpnConnectionId": "vpn-1", "State": "available", "VgwTelemetry": telemetry}
    return {"ec2:DescribeVpnConnections": {"VpnConnections": [one]}}


def _listed(state: str) -> dict[str, Any]:
    one = {"InstanceId": "i-1", "ImageId": "ami-1", "State": {"Name": state}}
    return {"ec2:DescribeInstances": {"Reservations": [{"Instances": [one]}]}}


def _managed(ping: str) -> dict[str, Any]:
    row = {"InstanceId": "i-1", "PingStatus": ping}
    return _listed("running") | {
        "ssm:DescribeInstanceInformation": {"InstanceInformationList": [row]}
    }


def _from_own_image(client: ClientOf) -> str:
    """A machine that runs from an image of the account's own, built just now."""
    return _instance(ImageId=_own_image(public=False)(client))(client)


def _stopped(client: ClientOf) -> str:
    instance = _instance()(client)
    client("ec2").stop_instances(InstanceIds=[instance])
    return instance


def _tagged(key: str) -> Make:
    tags = [{"Key": key, "Value": "payments"}]
    return _instance(TagSpecifications=[{"ResourceType": "instance", "Tags": tags}])


def _zones(*letters: str) -> Make:
    def make(client: ClientOf) -> str:
        ec2, vpc = client("ec2"), _vpc(client)
        for number, letter in enumerate(letters):
            ec2.create_subnet(
                VpcId=vpc,
                CidrBlock=f"10.5.{number}.0/24",
                AvailabilityZone=f"{REGION}{letter}",
            )
        return vpc

    return make


def _reaching(service: str) -> Make:
    def make(client: ClientOf) -> str:
        ec2, subnet = client("ec2"), _subnet(client)
        ec2.create_network_interface(SubnetId=subnet)
        vpc = str(ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["VpcId"])
        ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.{service}")
        return vpc

    return make


def _vpc(client: ClientOf) -> str:
    return str(client("ec2").create_vpc(CidrBlock="10.5.0.0/16")["Vpc"]["VpcId"])


def _watched(client: ClientOf) -> str:
    vpc = _vpc(client)
    client("s3").create_bucket(Bucket="shop-flows")
    client("ec2").create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination="arn:aws:s3:::shop-flows",
    )
    return vpc


CASES: tuple[Case | Canned, ...] = (
    Case("aws-ec2-security-group-ssh", _group(22, OFFICE), _group(22, WORLD)),
    Case("aws-ec2-security-group-rdp", _group(443, WORLD), _group(3389, WORLD)),
    Case("aws-ec2-security-group-data-ports", _group(443, WORLD), _group(0, WORLD, "-1")),
    Case("aws-ec2-security-group-default-closed", _default(emptied=True), _default(emptied=False)),
    Case("aws-ec2-security-group-used", _used, _group(443, OFFICE)),
    Case("aws-ec2-network-acl-admin-ports", _acl(443), _acl(22)),
    Case("aws-ec2-subnet-no-public-address", _subnet, _public_subnet),
    Case(
        "aws-ec2-instance-imdsv2",
        _instance(MetadataOptions={"HttpTokens": "required", "HttpEndpoint": "enabled"}),
        _instance(MetadataOptions={"HttpTokens": "optional", "HttpEndpoint": "enabled"}),
    ),
    Case("aws-ec2-instance-role", _with_role, _instance()),
    Case("aws-ec2-instance-no-public-address", _instance(), _addressed),
    Case("aws-ec2-image-not-public", _own_image(public=False), _own_image(public=True)),
    Case(
        "aws-ec2-launch-template-imdsv2",
        _template(MetadataOptions={"HttpTokens": "required"}),
        _template(),
    ),
    Canned("aws-ec2-vpn-tunnels-up", _tunnels("UP", "UP"), _tunnels("UP", "DOWN")),
    Case("aws-vpc-flow-logs", _watched, _vpc),
    Case("aws-vpc-s3-endpoint", _reaching("s3"), _reaching("dynamodb")),
    Case("aws-vpc-subnets-multi-az", _zones("a", "b"), _zones("a", "a")),
    Case("aws-ec2-security-group-all-traffic", _group(443, WORLD), _group(0, WORLD, "-1")),
    Case(
        "aws-ec2-instance-user-data-no-secrets",
        _instance(UserData="#!/bin/sh\nyum -y update"),
        _instance(UserData="#!/bin/sh\nexport DB_PASSWORD=hunter2-and-more"),
    ),
    Case("aws-ec2-instance-tagged-owner", _tagged("owner"), _tagged("team")),
    # moto has no DescribeInstanceInformation.
    Canned("aws-ec2-instance-ssm-managed", _managed("Online"), _managed("ConnectionLost")),
    Case(
        "aws-ec2-instance-image-age",
        _from_own_image,
        _from_own_image,
        later=timedelta(days=200),
    ),
    Case("aws-ec2-instance-age", _instance(), _instance(), later=timedelta(days=200)),
    Case("aws-ec2-instance-stopped-age", _stopped, _stopped, later=timedelta(days=60)),
)
