"""The pretended AWS answers what moto does not play as a service that knows no such call."""

import pytest
from aws_kit import client
from botocore.exceptions import ClientError


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("accessanalyzer", "list_analyzers"),  # moto has nothing of the service
        ("ec2", "describe_instance_image_metadata"),  # and of these not this operation
        ("elbv2", "describe_trust_stores"),
        ("kms", "describe_custom_key_stores"),
    ],
)
def test_what_moto_does_not_play_is_refused_and_nothing_breaks(
    service, operation, endpoint, caplog
):
    with pytest.raises(ClientError, match="NotImplemented") as raised:
        getattr(client(endpoint, service), operation)()
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert caplog.text == ""
