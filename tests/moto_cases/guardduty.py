"""Detectors."""

from moto_cases import Case, ClientOf, Make


def _detector(*, on: bool) -> Make:
    def make(client: ClientOf) -> str:
        client("guardduty").create_detector(Enable=on)
        return ""

    return make


CASES = (Case("aws-guardduty-enabled", _detector(on=True), _detector(on=False)),)
