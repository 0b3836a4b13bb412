"""Datasets and tables of BigQuery, topics and subscriptions of Pub/Sub."""

from typing import Any

from gcp_cases import Bindings, Case, Make, asset

_OPS = {"roles/viewer": ["group:ops@example.com"]}
_PUBLIC = {"roles/viewer": ["allAuthenticatedUsers"]}


def _dataset(iam: Bindings | None = None, /, **data: Any) -> Make:
    data = {"datasetReference": {"projectId": "shop", "datasetId": "it"}, **data}
    return asset("bigquery.googleapis.com/Dataset", data, iam=iam)


def _table(**data: Any) -> Make:
    reference = {"projectId": "shop", "datasetId": "d", "tableId": "it"}
    data = {"tableReference": reference, "type": "TABLE", **data}
    return asset("bigquery.googleapis.com/Table", data, name="projects/shop/datasets/d/tables/it")


def _topic(iam: Bindings | None = None, /, **data: Any) -> Make:
    data = {"name": "projects/shop/topics/it", **data}
    return asset("pubsub.googleapis.com/Topic", data, iam=iam)


def _subscription(iam: Bindings | None = None, /, **data: Any) -> Make:
    known = {"name": "projects/shop/subscriptions/it", "topic": "projects/shop/topics/it"}
    return asset("pubsub.googleapis.com/Subscription", {**known, **data}, iam=iam)


CASES = (
    Case("gcp-bigquery-dataset-not-public", _dataset(_OPS), _dataset(_PUBLIC)),
    Case(
        "gcp-bigquery-dataset-kms",
        _dataset(defaultEncryptionConfiguration={"kmsKeyName": "k"}),
        _dataset(),
    ),
    Case(
        "gcp-bigquery-dataset-classified",
        _dataset(labels={"data-classification": "internal"}),
        _dataset(labels={"team": "shop"}),
    ),
    Case(
        "gcp-bigquery-table-kms",
        _table(encryptionConfiguration={"kmsKeyName": "k"}),
        _table(),
    ),
    Case("gcp-pubsub-topic-kms", _topic(kmsKeyName="k"), _topic()),
    Case("gcp-pubsub-topic-not-public", _topic(_OPS), _topic(_PUBLIC)),
    Case("gcp-pubsub-subscription-not-public", _subscription(_OPS), _subscription(_PUBLIC)),
    Case(
        "gcp-pubsub-dead-letter",
        _subscription(deadLetterPolicy={"deadLetterTopic": "projects/shop/topics/lost"}),
        _subscription(),
    ),
    Case(
        "gcp-pubsub-push-authenticated",
        _subscription(
            pushConfig={
                "pushEndpoint": "https://app.example.com/push",
                "oidcToken": {"serviceAccountEmail": "push@shop.iam.gserviceaccount.com"},
            }
        ),
        _subscription(pushConfig={"pushEndpoint": "https://app.example.com/push"}),
    ),
)
