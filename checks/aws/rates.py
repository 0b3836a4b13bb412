"""The rates that AWS publishes for reads, an account and region each.

EC2: docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html (a bucket for each API).
Lambda, KMS, CloudTrail, Secrets Manager: their quota pages. What is not here is not published;
it runs free until AWS refuses a call for rate (`checks.limits`).
"""

from __future__ import annotations

from collections.abc import Mapping

from checks.model import Rate

RATES: Mapping[str, Rate] = {
    "ec2:*": Rate(20, 100),
    "cloudtrail:*": Rate(10, 10),
    "lambda": Rate(15, 15),
    "lambda:GetFunction": Rate(100, 100),
    "lambda:GetPolicy": Rate(15, 15),
    "kms:DescribeKey": Rate(2000, 2000),
    "kms:GetKeyPolicy": Rate(1000, 1000),
    "kms:GetKeyRotationStatus": Rate(1000, 1000),
    "kms:ListKeys": Rate(500, 500),
    "kms:ListAliases": Rate(500, 500),
    "secretsmanager:GetResourcePolicy": Rate(50, 50),
    "logs:DescribeLogGroups": Rate(10, 10),
    "logs:DescribeMetricFilters": Rate(5, 5),
    "cloudwatch:DescribeAlarms": Rate(9, 9),
    "acm:DescribeCertificate": Rate(10, 10),
    "route53": Rate(5, 5),
}
"""`service:operation`, `service:*` (a bucket for each operation) or `service` -> calls a second."""
