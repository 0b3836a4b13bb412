"""Web ACLs, of a region and of CloudFront."""

from typing import Any

from moto_cases import ACCOUNT, REGION, Case, ClientOf, Make

_SHOWN = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "shop"}
_RULE: dict[str, Any] = {
    "Name": "embargo",
    "Priority": 1,
    "Statement": {"GeoMatchStatement": {"CountryCodes": ["KP"]}},
    "Action": {"Block": {}},
    "VisibilityConfig": _SHOWN,
}


def web_acl(client: ClientOf, scope: str = "REGIONAL", *, rules: bool = True) -> str:
    """Make a web ACL and give its ARN."""
    made = client("wafv2").create_web_acl(
        Name="shop",
        Scope=scope,
        DefaultAction={"Allow": {}},
        VisibilityConfig=_SHOWN,
        Rules=[_RULE] if rules else [],
    )
    return str(made["Summary"]["ARN"])


def _acl(scope: str, *, rules: bool = True, logs: bool = False) -> Make:
    def make(client: ClientOf) -> str:
        arn = web_acl(client, scope, rules=rules)
        if logs:
            group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:aws-waf-logs-shop"
            client("wafv2").put_logging_configuration(
                LoggingConfiguration={"ResourceArn": arn, "LogDestinationConfigs": [group]}
            )
        return arn

    return make


CASES = (
    Case("aws-wafv2-logging", _acl("REGIONAL", logs=True), _acl("REGIONAL")),
    Case("aws-wafv2-has-rules", _acl("REGIONAL"), _acl("REGIONAL", rules=False)),
    Case("aws-wafv2-cloudfront-logging", _acl("CLOUDFRONT", logs=True), _acl("CLOUDFRONT")),
    Case("aws-wafv2-cloudfront-has-rules", _acl("CLOUDFRONT"), _acl("CLOUDFRONT", rules=False)),
)
