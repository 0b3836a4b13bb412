"""Amazon MQ brokers."""

from typing import Any

from moto_cases import Case, ClientOf, Make


def _broker(**options: Any) -> Make:
    def make(client: ClientOf) -> str:
        settings = {
            "BrokerName": "orders",
            "DeploymentMode": "SINGLE_INSTANCE",
            "EngineType": "ACTIVEMQ",
            "EngineVersion": "5.18",
            "HostInstanceType": "mq.m5.large",
            "PubliclyAccessible": False,
            "AutoMinorVersionUpgrade": True,
            "Users": [{"Username": "admin", "Password": "Password1234"}],
        }
        return str(client("mq").create_broker(**{**settings, **options})["BrokerArn"])

    return make


CASES = (
    Case(
        "aws-mq-broker-not-public",
        _broker(PubliclyAccessible=False),
        _broker(PubliclyAccessible=True),
    ),
    Case(
        "aws-mq-broker-active-standby",
        _broker(DeploymentMode="ACTIVE_STANDBY_MULTI_AZ"),
        _broker(DeploymentMode="SINGLE_INSTANCE"),
    ),
    Case(
        "aws-mq-auto-minor-upgrade",
        _broker(AutoMinorVersionUpgrade=True),
        _broker(AutoMinorVersionUpgrade=False),
    ),
)
