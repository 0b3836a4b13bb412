"""Step Functions state machines."""

import json
from typing import Any

from moto_cases import ACCOUNT, REGION, Case, ClientOf, Make

_DEFINITION = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})


def _machine(logging: dict[str, Any]) -> Make:
    def make(client: ClientOf) -> str:
        client("stepfunctions").create_state_machine(
            name="orders",
            definition=_DEFINITION,
            roleArn=f"arn:aws:iam::{ACCOUNT}:role/orders",
            loggingConfiguration=logging,
        )
        return "stateMachine:orders"

    return make


_GROUP = {"logGroupArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:orders:*"}

CASES = (
    Case(
        "aws-stepfunctions-logging",
        _machine({"level": "ALL", "destinations": [{"cloudWatchLogsLogGroup": _GROUP}]}),
        _machine({"level": "OFF"}),
    ),
)
