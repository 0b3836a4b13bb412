"""Load balancers and their listeners."""

from typing import Any

from moto_cases import REGION, Case, ClientOf, Make

_REDIRECT = {
    "Type": "redirect",
    "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
}
_ANSWER = {
    "Type": "fixed-response",
    "FixedResponseConfig": {"StatusCode": "200", "ContentType": "text/plain"},
}


def _balancer(client: ClientOf, zones: int = 2) -> str:
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.4.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.4.{number}.0/24", AvailabilityZone=f"{REGION}{zone}"
        )["Subnet"]["SubnetId"]
        for number, zone in enumerate("ab"[:zones])
    ]
    made = client("elbv2").create_load_balancer(
        Name="web", Subnets=subnets, Scheme="internet-facing", Type="application"
    )
    return str(made["LoadBalancers"][0]["LoadBalancerArn"])


def _with(key: str, value: str) -> Make:
    def make(client: ClientOf) -> str:
        arn = _balancer(client)
        client("elbv2").modify_load_balancer_attributes(
            LoadBalancerArn=arn, Attributes=[{"Key": key, "Value": value}]
        )
        return arn

    return make


def _listening(action: dict[str, Any], **options: Any) -> Make:
    def make(client: ClientOf) -> str:
        made = client("elbv2").create_listener(
            LoadBalancerArn=_balancer(client),
            DefaultActions=[action],
            **{"Port": 80, "Protocol": "HTTP", **options},
        )
        return str(made["Listeners"][0]["ListenerArn"])

    return make


def _secure(policy: str) -> Make:
    def make(client: ClientOf) -> str:
        certificate = client("acm").request_certificate(DomainName="www.example.com")
        return _listening(
            _ANSWER,
            Port=443,
            Protocol="HTTPS",
            SslPolicy=policy,
            Certificates=[{"CertificateArn": certificate["CertificateArn"]}],
        )(client)

    return make


def _behind(*protecting: str) -> Make:
    """A load balancer and two web ACLs; those named protect it."""

    def make(client: ClientOf) -> str:
        arn, waf = _balancer(client), client("wafv2")
        for name in ("web", "other"):
            made = waf.create_web_acl(
                Name=name,
                Scope="REGIONAL",
                DefaultAction={"Allow": {}},
                VisibilityConfig={
                    "SampledRequestsEnabled": True,
                    "CloudWatchMetricsEnabled": True,
                    "MetricName": name,
                },
            )
            if name in protecting:
                waf.associate_web_acl(WebACLArn=made["Summary"]["ARN"], ResourceArn=arn)
        return arn

    return make


def _protected(client: ClientOf, **asked: Any) -> dict[str, Any]:
    """moto lacks ListResourcesForWebACL, but says of each load balancer what protects it."""
    balancers = client("elbv2").describe_load_balancers()["LoadBalancers"]
    arns = [one["LoadBalancerArn"] for one in balancers]
    found = {arn: client("wafv2").get_web_acl_for_resource(ResourceArn=arn) for arn in arns}
    return {
        "ResourceArns": [
            arn
            for arn, answer in found.items()
            if answer.get("WebACL", {}).get("ARN") == asked["WebACLArn"]
        ]
    }


CASES = (
    Case(
        "aws-elbv2-waf",
        _behind("web"),
        _behind(),
        played={"wafv2:ListResourcesForWebACL": _protected},
    ),
    Case(
        "aws-elbv2-access-logs",
        _with("access_logs.s3.enabled", "true"),
        _balancer,
    ),
    Case(
        "aws-elbv2-deletion-protection",
        _with("deletion_protection.enabled", "true"),
        _with("deletion_protection.enabled", "false"),
    ),
    Case(
        "aws-elbv2-invalid-headers",
        _with("routing.http.drop_invalid_header_fields.enabled", "true"),
        _balancer,
    ),
    Case("aws-elbv2-multi-az", _balancer, lambda client: _balancer(client, 1)),
    Case("aws-elbv2-listener-tls", _listening(_REDIRECT), _listening(_ANSWER)),
    Case(
        "aws-elbv2-listener-tls-version",
        _secure("ELBSecurityPolicy-TLS13-1-2-2021-06"),
        _secure("ELBSecurityPolicy-2016-08"),
    ),
)
