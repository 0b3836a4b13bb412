"""Load balancers and their listeners."""

from typing import Any

from moto_cases import ACCOUNT, REGION, Answers, Canned, Case, ClientOf, Make

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


_BALANCER = {
    "LoadBalancerArn": f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/web/1",
    "LoadBalancerName": "web",
    "Scheme": "internet-facing",
    "Type": "application",
    "State": {"Code": "active"},
    "AvailabilityZones": [],
}
_ACL = {
    "Name": "web",
    "Id": "1234",
    "ARN": f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/web/1234",
    "LockToken": "5678",
}


def _behind(*arns: str) -> Answers:
    """One load balancer, and one web ACL that protects `arns`; moto does not list them."""
    return {
        "elbv2:DescribeLoadBalancers": {"LoadBalancers": [_BALANCER]},
        "wafv2:ListWebACLs": {"WebACLs": [_ACL]},
        "wafv2:ListResourcesForWebACL": {"ResourceArns": list(arns)},
    }


CASES = (
    Canned("aws-elbv2-waf", _behind(str(_BALANCER["LoadBalancerArn"])), _behind()),
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
