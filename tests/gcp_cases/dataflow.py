"""Jobs of Dataflow."""

from gcp_cases import Case, Make, asset


def _job(*addresses: str) -> Make:
    pools = [{"ipConfiguration": each} if each else {"kind": "harness"} for each in addresses]
    data = {
        "name": "it",
        "currentState": "JOB_STATE_RUNNING",
        "environment": {"workerPools": pools},
    }
    return asset("dataflow.googleapis.com/Job", data)


CASES = (
    Case(
        "gcp-dataflow-no-public-address",
        _job("WORKER_IP_PRIVATE"),
        _job("WORKER_IP_PRIVATE", ""),
    ),
)
