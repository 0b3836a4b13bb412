"""MemoryDB clusters."""

from moto_cases import Case, ClientOf, Make


def _cluster(*, tls: bool) -> Make:
    def make(client: ClientOf) -> str:
        client("memorydb").create_cluster(
            ClusterName="sessions", NodeType="db.t4g.small", ACLName="open-access", TLSEnabled=tls
        )
        return "cluster/sessions"

    return make


CASES = (Case("aws-memorydb-tls", _cluster(tls=True), _cluster(tls=False)),)
