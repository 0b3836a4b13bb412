"""Rules of EventBridge."""

import json

from moto_cases import ACCOUNT, REGION, Case, ClientOf, Make


def _rule(source: str) -> Make:
    def make(client: ClientOf) -> str:
        events = client("events")
        pattern = json.dumps({"source": [source]})
        events.put_rule(Name="findings", EventPattern=pattern, State="ENABLED")
        target = {"Id": "1", "Arn": f"arn:aws:sns:{REGION}:{ACCOUNT}:ops"}
        events.put_targets(Rule="findings", Targets=[target])
        return ""

    return make


CASES = (Case("aws-events-guardduty-routed", _rule("aws.guardduty"), _rule("aws.ec2")),)
