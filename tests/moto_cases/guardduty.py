"""Detectors."""

from moto_cases import Answers, Canned, Case, ClientOf, Make


def _detector(*, on: bool) -> Make:
    def make(client: ClientOf) -> str:
        client("guardduty").create_detector(Enable=on)
        return ""

    return make


def _watching(*features: str) -> Make:
    def make(client: ClientOf) -> str:
        client("guardduty").create_detector(
            Enable=True, Features=[{"Name": name, "Status": "ENABLED"} for name in features]
        )
        return ""

    return make


def _findings(*ids: str) -> Answers:
    """moto does not know ListFindings."""
    return {
        "guardduty:ListDetectors": {"DetectorIds": ["d-1"]},
        "guardduty:ListFindings": {"FindingIds": list(ids)},
    }


CASES = (
    Case("aws-guardduty-enabled", _detector(on=True), _detector(on=False)),
    Case("aws-guardduty-s3-protection", _watching("S3_DATA_EVENTS"), _watching("EKS_AUDIT_LOGS")),
    Case("aws-guardduty-eks-protection", _watching("EKS_AUDIT_LOGS"), _watching("S3_DATA_EVENTS")),
    Canned("aws-guardduty-no-high-findings", _findings(), _findings("f-1")),
)
