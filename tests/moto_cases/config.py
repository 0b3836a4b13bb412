"""The recorder of AWS Config."""

from moto_cases import ACCOUNT, Case, ClientOf, Make


def _recorder(*, on: bool, everywhere: bool = True, channel: bool = True, named: str = "") -> Make:
    def make(client: ClientOf) -> str:
        config = client("config")
        group = {"allSupported": True, "includeGlobalResourceTypes": everywhere}
        config.put_configuration_recorder(
            ConfigurationRecorder={
                "name": "default",
                "roleARN": f"arn:aws:iam::{ACCOUNT}:role/config",
                "recordingGroup": group,
            }
        )
        client("s3").create_bucket(Bucket="shop-config")
        if channel:
            config.put_delivery_channel(
                DeliveryChannel={"name": "default", "s3BucketName": "shop-config"}
            )
        if on:
            config.start_configuration_recorder(ConfigurationRecorderName="default")
        return named

    return make


CASES = (
    Case("aws-config-recorder", _recorder(on=True), _recorder(on=False)),
    Case("aws-config-global-types", _recorder(on=True), _recorder(on=True, everywhere=False)),
    Case(
        "aws-config-delivery",
        _recorder(on=True, named="configuration-recorder/"),
        _recorder(on=False, channel=False, named="configuration-recorder/"),
    ),
)
