"""Virtual machines, their extensions and scale sets; disks and snapshots."""

from functools import partial
from typing import Any

from azure_kit import resource_id

from azure_cases import SUBSCRIPTION, Case, Make, resource, together

VM = "Microsoft.Compute/virtualMachines"
DISK = {"managedDisk": {"id": "/disk"}}
LINUX = {"osDisk": {"osType": "Linux", **DISK}}


def _of(kind: str, **properties: Any) -> Make:
    return resource(kind, properties=properties)


_vm = partial(_of, VM)
_extension = partial(_of, f"{VM}/extensions", publisher="Microsoft.Azure")
_set = partial(_of, "Microsoft.Compute/virtualMachineScaleSets")
_disk = partial(_of, "Microsoft.Compute/disks")
_snapshot = partial(_of, "Microsoft.Compute/snapshots")


def _linux(**configuration: Any) -> Make:
    return _vm(storageProfile=LINUX, osProfile={"linuxConfiguration": configuration})


def _backed_up(state: str) -> Make:
    """A machine, and what a vault says of it, in the spelling of Resource Graph."""
    item = {
        "sourceResourceId": resource_id(SUBSCRIPTION, VM, "IT").replace("resourceG", "resourceg"),
        "currentProtectionState": state,
    }
    vault = resource(
        "microsoft.recoveryservices/vaults/backupfabrics/protectioncontainers/protecteditems",
        name="item",
        table="recoveryservicesresources",
        properties=item,
    )
    return together(_vm(), vault)


STARTED = {"secureBootEnabled": True, "vTpmEnabled": True}
OWN_KEY = {"type": "EncryptionAtRestWithCustomerKey"}
THEIR_KEY = {"type": "EncryptionAtRestWithPlatformKey"}

CASES = (
    Case(
        "azure-virtual-machine-managed-disks",
        _vm(storageProfile={**LINUX, "dataDisks": [DISK]}),
        _vm(storageProfile={**LINUX, "dataDisks": [{"vhd": {"uri": "https://old"}}]}),
    ),
    Case(
        "azure-virtual-machine-encryption-at-host",
        _vm(securityProfile={"encryptionAtHost": True}),
        _vm(),
    ),
    Case(
        "azure-virtual-machine-trusted-launch",
        _vm(securityProfile={"securityType": "TrustedLaunch", "uefiSettings": STARTED}),
        _vm(securityProfile={"securityType": "TrustedLaunch"}),
    ),
    Case(
        "azure-virtual-machine-ssh-keys",
        _linux(disablePasswordAuthentication=True),
        _linux(disablePasswordAuthentication=False),
    ),
    Case(
        "azure-virtual-machine-patched-automatically",
        _linux(patchSettings={"patchMode": "AutomaticByPlatform"}),
        _linux(patchSettings={"patchMode": "ImageDefault"}),
    ),
    Case(
        "azure-virtual-machine-backed-up",
        _backed_up("Protected"),
        _backed_up("ProtectionStopped"),
    ),
    Case(
        "azure-virtual-machine-extensions-approved",
        _extension(type="AzureMonitorLinuxAgent"),
        _extension(type="CustomScript"),
    ),
    Case(
        "azure-scale-set-encryption-at-host",
        _set(virtualMachineProfile={"securityProfile": {"encryptionAtHost": True}}),
        _set(virtualMachineProfile={}),
    ),
    Case(
        "azure-scale-set-image-upgrades",
        _set(upgradePolicy={"automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": True}}),
        _set(upgradePolicy={"mode": "Manual"}),
    ),
    Case("azure-disk-not-exported", _disk(networkAccessPolicy="DenyAll"), _disk()),
    Case("azure-disk-customer-key", _disk(encryption=OWN_KEY), _disk(encryption=THEIR_KEY)),
    Case(
        "azure-snapshot-not-exported",
        _snapshot(networkAccessPolicy="AllowPrivate"),
        _snapshot(networkAccessPolicy="AllowAll"),
    ),
    Case(
        "azure-snapshot-customer-key",
        _snapshot(encryption=OWN_KEY),
        _snapshot(encryption=THEIR_KEY),
    ),
    Case(
        "azure-virtual-machine-tagged-owner",
        resource(VM, tags={"owner": "payments"}),
        resource(VM, tags={"cost": "7"}),
    ),
)
