"""Repositories of Artifact Registry."""

from typing import Any

from gcp_cases import Bindings, Case, Make, asset

_SHUT: Bindings = {"roles/artifactregistry.reader": ["group:staff@example.com"]}
_OPEN: Bindings = {"roles/artifactregistry.reader": ["allUsers"]}


def _repository(iam: Bindings | None = None, **data: Any) -> Make:
    made = {"name": "projects/shop/locations/l/repositories/it", "format": "DOCKER", **data}
    return asset("artifactregistry.googleapis.com/Repository", made, iam=iam)


CASES = (
    Case("gcp-artifact-repository-not-public", _repository(_SHUT), _repository(_OPEN)),
    Case(
        "gcp-artifact-repository-scanned",
        _repository(vulnerabilityScanningConfig={"enablementState": "SCANNING_ACTIVE"}),
        _repository(vulnerabilityScanningConfig={"enablementState": "SCANNING_DISABLED"}),
    ),
    Case(
        "gcp-artifact-repository-tags-immutable",
        _repository(dockerConfig={"immutableTags": True}),
        _repository(),
    ),
    Case(
        "gcp-artifact-repository-customer-key",
        _repository(kmsKeyName="k"),
        _repository(),
    ),
    Case(
        "gcp-artifact-repository-cleanup",
        _repository(cleanupPolicies={"old": {"id": "old", "action": "DELETE"}}),
        _repository(),
    ),
)
