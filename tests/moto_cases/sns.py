"""Topics for alerts, and who listens on them."""

from moto_cases import ACCOUNT, REGION, Case, ClientOf, Make


def _topic(*, subscribed: bool) -> Make:
    def make(client: ClientOf) -> str:
        topic = client("sns").create_topic(Name="security-alerts")["TopicArn"]
        if subscribed:
            client("sqs").create_queue(QueueName="on-call")
            queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:on-call"
            client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
        return ":security-alerts"

    return make


CASES = (Case("aws-sns-alert-topic-subscribed", _topic(subscribed=True), _topic(subscribed=False)),)
