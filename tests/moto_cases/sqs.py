"""Queues and topics."""

import json

from moto_cases import ACCOUNT, REGION, Case, ClientOf, Make
from moto_cases.iam_policies import document

_OWNER = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
_QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"
_TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:orders"


def _queue(**attributes: str) -> Make:
    def make(client: ClientOf) -> str:
        client("sqs").create_queue(QueueName="orders", Attributes=attributes)
        return "/orders"

    return make


def _redriven(client: ClientOf) -> str:
    client("sqs").create_queue(QueueName="orders-dlq")
    target = {"deadLetterTargetArn": f"{_QUEUE}-dlq", "maxReceiveCount": "5"}
    return _queue(RedrivePolicy=json.dumps(target))(client)


def _topic(**attributes: str) -> Make:
    def make(client: ClientOf) -> str:
        client("sns").create_topic(Name="orders", Attributes=attributes)
        return ":orders"

    return make


CASES = (
    Case(
        "aws-sqs-queue-encrypted",
        _queue(SqsManagedSseEnabled="true"),
        _queue(SqsManagedSseEnabled="false"),
    ),
    Case(
        "aws-sqs-queue-not-public",
        _queue(Policy=document("sqs:SendMessage", _QUEUE, _OWNER)),
        _queue(Policy=document("sqs:SendMessage", _QUEUE, "*")),
    ),
    Case("aws-sqs-queue-dead-letter", _redriven, _queue()),
    Case("aws-sns-topic-encrypted", _topic(KmsMasterKeyId="alias/aws/sns"), _topic()),
    Case(
        "aws-sns-topic-not-public",
        _topic(Policy=document("sns:Publish", _TOPIC, _OWNER)),
        _topic(Policy=document("sns:Publish", _TOPIC, "*")),
    ),
)
