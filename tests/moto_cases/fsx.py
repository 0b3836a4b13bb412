"""FSx file systems."""

from typing import Any

from moto_cases import ACCOUNT, REGION, Case, ClientOf, Make


def _file_system(**key: str) -> Make:
    def make(client: ClientOf) -> str:
        ec2 = client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
        made = client("fsx").create_file_system(
            FileSystemType="LUSTRE", StorageCapacity=1200, SubnetIds=[subnet], **key
        )
        return str(made["FileSystem"]["ResourceARN"])

    return make


def _alive(client: ClientOf, **asked: Any) -> dict[str, Any]:
    """moto gives no Lifecycle, by which those that are being deleted are left out."""
    answer: dict[str, Any] = client("fsx").describe_file_systems(**asked)
    for one in answer["FileSystems"]:
        one["Lifecycle"] = "AVAILABLE"
    return answer


CASES = (
    Case(
        "aws-fsx-kms-encrypted",
        _file_system(KmsKeyId=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/files"),
        _file_system(),
        played={"fsx:DescribeFileSystems": _alive},
    ),
)
