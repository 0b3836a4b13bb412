"""Clusters of Google Kubernetes Engine and their nodes."""

from typing import Any

from gcp_cases import Case, Json, Make, asset

_ACCOUNT = "nodes@shop.iam.gserviceaccount.com"


def _cluster(**data: Any) -> Make:
    return asset("container.googleapis.com/Cluster", {"name": "it", "status": "RUNNING", **data})


def _networks(*ranges: str) -> Make:
    blocks = [{"cidrBlock": each, "displayName": "office"} for each in ranges]
    return _cluster(masterAuthorizedNetworksConfig={"enabled": True, "cidrBlocks": blocks})


def _logging(*components: str) -> Make:
    told = {"componentConfig": {"enableComponents": [*components]}}
    return _cluster(loggingService="logging.googleapis.com/kubernetes", loggingConfig=told)


def _pool(**config: Any) -> Make:
    return _managed({}, **config)


def _managed(management: Json, **config: Any) -> Make:
    data = {"name": "pool", "management": management, "config": config}
    name = "projects/shop/zones/z/clusters/it/nodePools/pool"
    return asset("container.googleapis.com/NodePool", data, name=name)


CASES = (
    Case(
        "gcp-gke-private-nodes",
        _cluster(privateClusterConfig={"enablePrivateNodes": True}),
        _cluster(privateClusterConfig={}),
    ),
    Case("gcp-gke-endpoint-not-public", _networks("203.0.113.0/24"), _networks("0.0.0.0/0")),
    Case(
        "gcp-gke-legacy-abac",
        _cluster(legacyAbac={}),
        _cluster(legacyAbac={"enabled": True}),
    ),
    Case(
        "gcp-gke-no-static-credentials",
        _cluster(masterAuth={"clusterCaCertificate": "LS0t"}),
        _cluster(masterAuth={"clientCertificate": "LS0t", "clientKey": "LS0t"}),
    ),
    Case("gcp-gke-shielded-nodes", _cluster(shieldedNodes={"enabled": True}), _cluster()),
    Case(
        "gcp-gke-workload-identity",
        _cluster(workloadIdentityConfig={"workloadPool": "shop.svc.id.goog"}),
        _cluster(),
    ),
    Case(
        "gcp-gke-secrets-encrypted",
        _cluster(databaseEncryption={"state": "ENCRYPTED", "keyName": "k"}),
        _cluster(databaseEncryption={"state": "DECRYPTED"}),
    ),
    Case(
        "gcp-gke-logging",
        _logging("SYSTEM_COMPONENTS", "WORKLOADS"),
        _logging("SYSTEM_COMPONENTS"),
    ),
    Case("gcp-gke-release-channel", _cluster(releaseChannel={"channel": "STABLE"}), _cluster()),
    Case(
        "gcp-gke-network-policy",
        _cluster(networkConfig={"datapathProvider": "ADVANCED_DATAPATH"}),
        _cluster(networkPolicy={}),
    ),
    Case(
        "gcp-gke-binary-authorization",
        _cluster(binaryAuthorization={"evaluationMode": "PROJECT_SINGLETON_POLICY_ENFORCE"}),
        _cluster(binaryAuthorization={"evaluationMode": "DISABLED"}),
    ),
    Case(
        "gcp-gke-backup-agent",
        _cluster(addonsConfig={"gkeBackupAgentConfig": {"enabled": True}}),
        _cluster(addonsConfig={"gkeBackupAgentConfig": {}}),
    ),
    Case(
        "gcp-gke-node-pool-upgrades",
        _managed({"autoUpgrade": True, "autoRepair": True}),
        _managed({"autoUpgrade": True}),
    ),
    Case("gcp-gke-node-service-account", _pool(serviceAccount=_ACCOUNT), _pool()),
    Case(
        "gcp-gke-node-metadata",
        _pool(workloadMetadataConfig={"mode": "GKE_METADATA"}),
        _pool(workloadMetadataConfig={"mode": "GCE_METADATA"}),
    ),
    Case(
        "gcp-gke-node-secure-boot",
        _pool(shieldedInstanceConfig={"enableSecureBoot": True, "enableIntegrityMonitoring": True}),
        _pool(shieldedInstanceConfig={"enableIntegrityMonitoring": True}),
    ),
)
