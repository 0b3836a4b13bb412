"""Settings of a region that decide for what is made in it tomorrow; moto knows few of them."""

from collections.abc import Mapping
from typing import Any

from moto_cases import ACCOUNT, Answers, Canned, Case, ClientOf, Make, Refusal


def _metadata(**defaults: str) -> Answers:
    return {"ec2:GetInstanceMetadataDefaults": {"AccountLevel": defaults}}


def _snapshots(state: str) -> Answers:
    return {"ec2:GetSnapshotBlockPublicAccessState": {"State": state}}


def _images(state: str) -> Answers:
    return {"ec2:GetImageBlockPublicAccessState": {"ImageBlockPublicAccessState": state}}


def _documents(value: str) -> Answers:
    setting = {"SettingId": "/ssm/documents/console/public-sharing-permission"}
    return {"ssm:GetServiceSetting": {"ServiceSetting": {**setting, "SettingValue": value}}}


def _clusters(*ports: int, blocked: bool = True) -> Answers:
    """moto always answers that everything is blocked."""
    block: dict[str, Any] = {
        "BlockPublicSecurityGroupRules": blocked,
        "PermittedPublicSecurityGroupRuleRanges": [{"MinRange": port} for port in ports],
    }
    return {"emr:GetBlockPublicAccessConfiguration": {"BlockPublicAccessConfiguration": block}}


def _scanning(kind: str, frequency: str) -> Make:
    rule = {
        "scanFrequency": frequency,
        "repositoryFilters": [{"filter": "*", "filterType": "WILDCARD"}],
    }

    def make(client: ClientOf) -> str:
        client("ecr").put_registry_scanning_configuration(scanType=kind, rules=[rule])
        return "ecr-registry-scanning"

    return make


def _prompts(client: ClientOf) -> str:
    client("bedrock").put_model_invocation_logging_configuration(
        loggingConfig={"s3Config": {"bucketName": "prompts"}}
    )
    return ""


def _macie(*, on: bool) -> Make:
    def make(client: ClientOf) -> str:
        macie = client("macie2")
        change = macie.enable_macie if on else macie.disable_macie
        change()
        return ""

    return make


def _session(client: ClientOf) -> Mapping[str, Any] | Refusal:
    """Where Macie is off, moto refuses with ResourceNotFoundException, and AWS as follows."""
    macie = client("macie2")
    try:
        return macie.get_macie_session()  # type: ignore[no-any-return]  # the client is untyped
    except macie.exceptions.ResourceNotFoundException:
        return Refusal("AccessDeniedException", "Macie is not enabled", 403)


def _inspector(*kinds: str) -> Make:
    def make(client: ClientOf) -> str:
        client("inspector2").enable(accountIds=[ACCOUNT], resourceTypes=list(kinds))
        return ""

    return make


def _hub(client: ClientOf) -> str:
    client("securityhub").enable_security_hub()
    return ""


def _standards(*states: str) -> Answers:
    """moto does not know GetEnabledStandards."""
    arn = "arn:aws:securityhub:::standard"
    given = [
        {"StandardsSubscriptionArn": arn, "StandardsArn": arn, "StandardsStatus": state}
        for state in states
    ]
    return {"securityhub:GetEnabledStandards": {"StandardsSubscriptions": given}}


def _nothing(_client: ClientOf) -> str:
    return ""


CASES = (
    Canned("aws-ec2-imdsv2-default", _metadata(HttpTokens="required"), _metadata()),
    Canned(
        "aws-ebs-snapshot-sharing-blocked", _snapshots("block-new-sharing"), _snapshots("unblocked")
    ),
    Canned("aws-ec2-image-sharing-blocked", _images("block-new-sharing"), _images("unblocked")),
    Canned("aws-ssm-public-sharing-blocked", _documents("Disable"), _documents("Enable")),
    Canned("aws-emr-block-public-access", _clusters(22), _clusters(22, 8443)),
    Case(
        "aws-ecr-registry-enhanced-scanning",
        _scanning("ENHANCED", "CONTINUOUS_SCAN"),
        _scanning("BASIC", "SCAN_ON_PUSH"),
    ),
    Case("aws-bedrock-invocation-logging", _prompts, _nothing),
    Case(
        "aws-macie-enabled",
        _macie(on=True),
        _macie(on=False),
        played={"macie2:GetMacieSession": _session},
    ),
    Case("aws-inspector-enabled", _inspector("EC2", "ECR", "LAMBDA"), _inspector("EC2", "ECR")),
    Case("aws-securityhub-enabled", _hub, _nothing),
    Canned("aws-securityhub-standards", _standards("READY"), _standards("INCOMPLETE")),
)
