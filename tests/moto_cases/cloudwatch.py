"""Alarms of CloudWatch."""

from moto_cases import ACCOUNT, REGION, Case, ClientOf, Make


def _alarm(*actions: str) -> Make:
    def make(client: ClientOf) -> str:
        client("cloudwatch").put_metric_alarm(
            AlarmName="shop-errors",
            MetricName="Errors",
            Namespace="Shop",
            Statistic="Sum",
            Period=300,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            ActionsEnabled=True,
            AlarmActions=list(actions),
        )
        return "alarm:shop-errors"

    return make


CASES = (
    Case("aws-cloudwatch-alarm-actions", _alarm(f"arn:aws:sns:{REGION}:{ACCOUNT}:ops"), _alarm()),
)
