"""WorkSpaces."""

from moto_cases import Case, ClientOf, Make


def _workspace(*, root: bool) -> Make:
    def make(client: ClientOf) -> str:
        ec2 = client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.2.{number}.0/24", AvailabilityZone=zone)
            for number, zone in enumerate(("us-east-1a", "us-east-1b"))
        ]
        directory = client("ds").create_directory(
            Name="example.test",
            Password="Password1",
            Size="Large",
            VpcSettings={
                "VpcId": vpc,
                "SubnetIds": [subnet["Subnet"]["SubnetId"] for subnet in subnets],
            },
        )["DirectoryId"]
        workspaces = client("workspaces")
        workspaces.register_workspace_directory(DirectoryId=directory)
        made = workspaces.create_workspaces(
            Workspaces=[
                {
                    "DirectoryId": directory,
                    "UserName": "ana",
                    "BundleId": "wsb-bh8rsxt14",
                    "VolumeEncryptionKey": "alias/aws/workspaces",
                    "RootVolumeEncryptionEnabled": root,
                    "UserVolumeEncryptionEnabled": True,
                }
            ]
        )
        return str(made["PendingRequests"][0]["WorkspaceId"])

    return make


CASES = (Case("aws-workspaces-encrypted", _workspace(root=True), _workspace(root=False)),)
