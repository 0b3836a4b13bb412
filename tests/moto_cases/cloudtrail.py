"""Trails."""

from typing import Any

from moto_cases import Case, ClientOf, Given, Make, Refusal

_EVERYTHING = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}
_WRITES = {**_EVERYTHING, "ReadWriteType": "WriteOnly"}
_OBJECTS = {
    **_EVERYTHING,
    "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}],
}


def _trail(*, on: bool = True, selectors: Any = None, **options: Any) -> Make:
    """The trail's name, for rules that judge it; `_account` for those that judge the account."""

    def make(client: ClientOf) -> str:
        trails = client("cloudtrail")
        client("s3").create_bucket(Bucket="shop-trail")
        settings = {"IsMultiRegionTrail": True, **options}
        trails.create_trail(Name="everything", S3BucketName="shop-trail", **settings)
        if on:
            trails.start_logging(Name="everything")
        if selectors:
            trails.put_event_selectors(TrailName="everything", EventSelectors=selectors)
        return "trail/everything"

    return make


def _account(**options: Any) -> Make:
    def make(client: ClientOf) -> str:
        _trail(**options)(client)
        return ""

    return make


def _watched(client: ClientOf) -> str:
    _trail()(client)
    client("cloudtrail").put_insight_selectors(
        TrailName="everything", InsightSelectors=[{"InsightType": "ApiCallRateInsight"}]
    )
    return ""


def _deleted(client: ClientOf) -> str:
    """The bucket of the trail is gone: whoever takes its name gets the log."""
    named = _trail()(client)
    client("s3").delete_bucket(Bucket="shop-trail")
    return named


def _insights(client: ClientOf, **asked: Any) -> Given:
    """AWS refuses where there are none (API_GetInsightSelectors); moto answers without them."""
    answer: dict[str, Any] = client("cloudtrail").get_insight_selectors(**asked)
    return answer if "InsightSelectors" in answer else Refusal("InsightNotEnabledException")


CASES = (
    Case(
        "aws-cloudtrail-insights",
        _watched,
        _account(),
        played={"cloudtrail:GetInsightSelectors": _insights},
    ),
    Case("aws-cloudtrail-bucket-known", _trail(), _deleted),
    Case("aws-cloudtrail-multi-region", _account(), _account(IsMultiRegionTrail=False)),
    Case("aws-cloudtrail-recording", _trail(), _trail(on=False)),
    Case(
        "aws-cloudtrail-management-events",
        _account(selectors=[_EVERYTHING]),
        _account(selectors=[_WRITES]),
    ),
    Case(
        "aws-cloudtrail-s3-events",
        _account(selectors=[_OBJECTS]),
        _account(selectors=[_EVERYTHING]),
    ),
    Case(
        "aws-cloudtrail-log-validation",
        _trail(EnableLogFileValidation=True),
        _trail(EnableLogFileValidation=False),
    ),
    Case("aws-cloudtrail-kms", _trail(KmsKeyId="alias/trail"), _trail()),
    Case(
        "aws-cloudtrail-cloudwatch-logs",
        _trail(
            CloudWatchLogsLogGroupArn="arn:aws:logs:us-east-1:123456789012:log-group:trail:*",
            CloudWatchLogsRoleArn="arn:aws:iam::123456789012:role/trail",
        ),
        _trail(),
    ),
)
