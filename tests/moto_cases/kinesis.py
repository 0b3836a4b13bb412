"""Kinesis data streams."""

from moto_cases import Case, ClientOf


def _stream(client: ClientOf) -> str:
    client("kinesis").create_stream(StreamName="events", ShardCount=1)
    return "stream/events"


def _encrypted(client: ClientOf) -> str:
    made = _stream(client)
    client("kinesis").start_stream_encryption(
        StreamName="events", EncryptionType="KMS", KeyId="alias/aws/kinesis"
    )
    return made


def _kept_for_a_week(client: ClientOf) -> str:
    made = _stream(client)
    client("kinesis").increase_stream_retention_period(
        StreamName="events", RetentionPeriodHours=168
    )
    return made


CASES = (
    Case("aws-kinesis-stream-encrypted", _encrypted, _stream),
    Case("aws-kinesis-stream-retention", _kept_for_a_week, _stream),
)
