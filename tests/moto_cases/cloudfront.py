"""CloudFront distributions."""

from datetime import UTC, datetime
from typing import Any

from moto_cases import ACCOUNT, Answers, Canned, Case, ClientOf, Make

_ACL = f"arn:aws:wafv2:us-east-1:{ACCOUNT}:global/webacl/shop/1"
_CERTIFICATE = f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/c"


def _distribution(
    *,
    viewers: str = "redirect-to-https",
    tls: str = "TLSv1.2_2021",
    logs: bool = True,
    acl: str = _ACL,
) -> Make:
    config: dict[str, Any] = {
        "CallerReference": "shop",
        "Comment": "",
        "Enabled": True,
        "Origins": {
            "Quantity": 1,
            "Items": [
                {
                    "Id": "bucket",
                    "DomainName": "shop.s3.amazonaws.com",
                    "S3OriginConfig": {"OriginAccessIdentity": ""},
                }
            ],
        },
        "DefaultCacheBehavior": {"TargetOriginId": "bucket", "ViewerProtocolPolicy": viewers},
        "Logging": {
            "Enabled": logs,
            "IncludeCookies": False,
            "Bucket": "logs.s3.amazonaws.com",
            "Prefix": "",
        },
        "ViewerCertificate": {
            "ACMCertificateArn": _CERTIFICATE,
            "SSLSupportMethod": "sni-only",
            "MinimumProtocolVersion": tls,
        },
        "WebACLId": acl,
    }

    def make(client: ClientOf) -> str:
        made = client("cloudfront").create_distribution(DistributionConfig=config)
        return str(made["Distribution"]["ARN"])

    return make


def _delivered(client: ClientOf) -> str:
    arn = _distribution(logs=False)(client)
    client("logs").put_delivery_source(name="shop", resourceArn=arn, logType="ACCESS_LOGS")
    return arn


def _listed(**origin: Any) -> Answers:
    distribution = {
        "Id": "E1",
        "ARN": f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1",
        "Status": "Deployed",
        "LastModifiedTime": datetime(2026, 1, 1, tzinfo=UTC),
        "DomainName": "d1.cloudfront.net",
        "Origins": {
            "Quantity": 1,
            "Items": [{"Id": "bucket", "DomainName": "shop.s3.amazonaws.com", **origin}],
        },
    }
    page = {
        "Marker": "",
        "MaxItems": 100,
        "IsTruncated": False,
        "Quantity": 1,
        "Items": [distribution],
    }
    return {"cloudfront:ListDistributions": {"DistributionList": page}}


_NOBODY = {"OriginAccessIdentity": ""}

CASES = (
    Case("aws-cloudfront-https", _distribution(), _distribution(viewers="allow-all")),
    Case("aws-cloudfront-tls-version", _distribution(), _distribution(tls="TLSv1.1_2016")),
    Case("aws-cloudfront-logging", _delivered, _distribution(logs=False)),
    Case("aws-cloudfront-waf", _distribution(), _distribution(acl="")),
    # moto's ListDistributions leaves S3OriginConfig and OriginAccessControlId out.
    Canned(
        "aws-cloudfront-origin-access-control",
        _listed(S3OriginConfig=_NOBODY, OriginAccessControlId="EOAC"),
        _listed(S3OriginConfig=_NOBODY),
    ),
)
