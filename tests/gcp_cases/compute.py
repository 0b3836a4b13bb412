"""Machines of Compute Engine, their disks, snapshots, images and templates."""

from typing import Any

from gcp_cases import Bindings, Case, Json, Make, ago, asset, together

_URL = "https://www.googleapis.com/compute/v1/projects/shop/"
_DEFAULT = "101-compute@developer.gserviceaccount.com"
_KEY: Json = {"kmsKeyName": "projects/shop/locations/global/keyRings/r/cryptoKeys/k"}
_OPEN: Bindings = {"roles/compute.imageUser": ["user:a@example.com", "allAuthenticatedUsers"]}
_SHUT: Bindings = {"roles/compute.imageUser": ["group:builders@example.com"]}


def _instance(**data: Any) -> Make:
    return _connected({"networkInterfaces": [{"name": "nic0", "networkIP": "10.0.0.2"}]}, **data)


def _connected(network: Json, **data: Any) -> Make:
    made = {"name": "it", "status": "RUNNING", **network, **data}
    return asset("compute.googleapis.com/Instance", made)


# Members below in the singular: as older exports spell them.
def _acting(email: str, *scopes: str) -> Make:
    return _instance(serviceAccount=[{"email": email, "scope": [*scopes]}])


def _metadata(**items: str) -> Json:
    return {"item": [{"key": key.replace("_", "-"), "value": items[key]} for key in items]}


def _told(**items: str) -> Make:
    return _instance(metadata=_metadata(**items))


def _project(**items: str) -> Make:
    data = {"name": "shop", "commonInstanceMetadata": _metadata(**items)}
    return asset("compute.googleapis.com/Project", data, name="projects/shop")


def _template(**network: Any) -> Make:
    properties = {"networkInterface": [{"name": "nic0", **network}]}
    data = {"name": "it", "properties": properties}
    return asset("compute.googleapis.com/InstanceTemplate", data)


def _disk(**data: Any) -> Make:
    made = {"name": "it", "selfLink": _URL + "zones/z/disks/it", "user": ["vm"], **data}
    return asset("compute.googleapis.com/Disk", made)


def _region_disk(**data: Any) -> Make:
    return asset("compute.googleapis.com/RegionDisk", {"name": "it", **data})


def _snapshot(iam: Bindings | None = None, /, *, days: float = 1, **data: Any) -> Make:
    made = {
        "name": "copy",
        "status": "READY",
        "creationTimestamp": ago(days),
        "sourceDisk": _URL + "zones/z/disks/it",
        **data,
    }
    name = "projects/shop/global/snapshots/copy"
    return asset("compute.googleapis.com/Snapshot", made, name=name, iam=iam)


def _schedule(**data: Any) -> Make:
    made = {"name": "daily", "selfLink": _URL + "regions/r/resourcePolicies/daily", **data}
    return asset("compute.googleapis.com/ResourcePolicy", made)


def _scheduled(**data: Any) -> Make:
    used = _disk(resourcePolicy=[_URL + "regions/r/resourcePolicies/daily"])
    return together(used, _schedule(**data))


def _group(*zones: str, checked: str = "") -> Make:
    spread = {"zones": [{"zone": each} for each in zones]} if zones else {}
    made: Json = {"name": "it", "distributionPolicy": spread}
    if checked:
        made["autoHealingPolicy"] = [{"healthCheck": checked, "initialDelaySec": 300}]
    return asset("compute.googleapis.com/InstanceGroupManager", made)


def _stopped(days: float) -> Make:
    return _instance(status="TERMINATED", lastStopTimestamp=ago(days))


def _image(iam: Bindings) -> Make:
    return asset("compute.googleapis.com/Image", {"name": "it"}, iam=iam)


CASES = (
    Case(
        "gcp-compute-instance-no-public-address",
        _instance(),
        _connected({"networkInterface": [{"accessConfig": [{"type": "ONE_TO_ONE_NAT"}]}]}),
    ),
    Case(
        "gcp-compute-instance-service-account",
        _acting("web@shop.iam.gserviceaccount.com"),
        _acting(_DEFAULT),
    ),
    Case(
        "gcp-compute-instance-scopes",
        _instance(),
        _acting(_DEFAULT, "https://www.googleapis.com/auth/cloud-platform"),
    ),
    Case(
        "gcp-compute-instance-project-keys-blocked",
        _told(block_project_ssh_keys="true"),
        _told(),
    ),
    Case(
        "gcp-compute-instance-os-login",
        together(_instance(), _project(enable_oslogin="TRUE")),
        together(_told(enable_oslogin="FALSE"), _project(enable_oslogin="TRUE")),
    ),
    Case("gcp-compute-project-os-login", _project(enable_oslogin="TRUE"), _project()),
    Case(
        "gcp-compute-instance-serial-port",
        together(_instance(), _project()),
        together(_instance(), _project(serial_port_enable="TRUE")),
    ),
    Case("gcp-compute-instance-ip-forwarding", _instance(), _instance(canIpForward=True)),
    Case(
        "gcp-compute-instance-shielded",
        _instance(shieldedInstanceConfig={"enableVtpm": True, "enableIntegrityMonitoring": True}),
        _instance(shieldedInstanceConfig={"enableVtpm": True}),
    ),
    Case(
        "gcp-compute-instance-confidential",
        _instance(confidentialInstanceConfig={"confidentialInstanceType": "SEV_SNP"}),
        _instance(confidentialInstanceConfig={"enableConfidentialCompute": False}),
    ),
    Case(
        "gcp-compute-instance-template-no-public-address",
        _template(),
        _template(accessConfig=[{"type": "ONE_TO_ONE_NAT"}]),
    ),
    Case("gcp-compute-disk-customer-key", _disk(diskEncryptionKey=_KEY), _disk()),
    Case(
        "gcp-compute-region-disk-customer-key",
        _region_disk(diskEncryptionKey=_KEY),
        _region_disk(),
    ),
    Case(
        "gcp-compute-disk-backed-up",
        _scheduled(snapshotSchedulePolicy={"schedule": {}}),
        together(_scheduled(), _snapshot(days=30)),
    ),
    Case(
        "gcp-compute-snapshot-customer-key",
        _snapshot(snapshotEncryptionKey=_KEY),
        _snapshot(),
    ),
    Case("gcp-compute-snapshot-not-public", _snapshot(_SHUT), _snapshot(_OPEN)),
    Case("gcp-compute-image-not-public", _image(_SHUT), _image(_OPEN)),
    Case("gcp-compute-instance-tagged-owner", _instance(labels={"team": "web"}), _instance()),
    Case("gcp-compute-instance-stopped-age", _stopped(3), _stopped(99)),
    Case(
        "gcp-compute-instance-os-config",
        together(_instance(), _project(enable_osconfig="TRUE")),
        together(_told(enable_osconfig="FALSE"), _project(enable_osconfig="TRUE")),
    ),
    Case("gcp-instance-group-auto-healing", _group(checked="alive"), _group()),
    Case("gcp-instance-group-multi-zone", _group("a", "b"), _group()),
)
