"""Hosted zones."""

from moto_cases import Case, ClientOf, Make


def _zone(*, logged: bool) -> Make:
    def make(client: ClientOf) -> str:
        route53 = client("route53")
        made = route53.create_hosted_zone(Name="example.com.", CallerReference="shop")
        zone = str(made["HostedZone"]["Id"])
        if logged:
            logs = client("logs")
            logs.create_log_group(logGroupName="/aws/route53/example.com")
            group = logs.describe_log_groups()["logGroups"][0]["arn"]
            route53.create_query_logging_config(HostedZoneId=zone, CloudWatchLogsLogGroupArn=group)
        return zone

    return make


CASES = (Case("aws-route53-query-logging", _zone(logged=True), _zone(logged=False)),)
