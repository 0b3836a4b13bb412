"""DAX clusters."""

from moto_cases import ACCOUNT, Case, ClientOf, Make


def _cluster(*, encrypted: bool) -> Make:
    def make(client: ClientOf) -> str:
        client("dax").create_cluster(
            ClusterName="tables",
            NodeType="dax.t3.small",
            ReplicationFactor=1,
            IamRoleArn=f"arn:aws:iam::{ACCOUNT}:role/dax",
            SSESpecification={"Enabled": encrypted},
        )
        return "cache/tables"

    return make


CASES = (Case("aws-dax-encrypted", _cluster(encrypted=True), _cluster(encrypted=False)),)
