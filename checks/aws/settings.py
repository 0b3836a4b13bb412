"""What an entry of `targets` can say of AWS: one account, or an organization's."""

from __future__ import annotations

import re

from msgspec import Struct

ACCOUNT = re.compile(r"\d{12}")
PARTITION = re.compile(r"aws(-[a-z]+)*")
ROLE_ARN = re.compile(r"arn:(aws[a-z-]*):iam::(\d{12}):role/[\w+=,.@/-]+")
ROLE = re.compile(r"[\w+=,.@/-]{1,576}")
"""A role's path and name: docs.aws.amazon.com/IAM, reference_iam-quotas."""
EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}")
"""docs.aws.amazon.com/STS, API_AssumeRole."""
PLACE = re.compile(r"\d{12}|ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}")
"""An account or an organizational unit: docs.aws.amazon.com/organizations, API_Child."""


class OrganizationSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which accounts of an organization are observed, and how each is entered."""

    role: str
    """Name of the role in every member, with its path if it has one (`audit/AssayReader`)."""
    external_id: str = ""
    include: tuple[str, ...] = ()
    """Accounts, and organizational units with all below them; empty: the whole organization."""
    exclude: tuple[str, ...] = ()
    """The same, taken away from what is included; the evidence lists what it takes away."""
    management_account: bool = True
    """Whether the management account is observed as well."""

    def __post_init__(self) -> None:
        """Refuse what AWS cannot know."""
        _match(ROLE, "role", self.role, "the name of a role, not its ARN (`AssayReader`)")
        _match_if(EXTERNAL_ID, "external_id", self.external_id, "an external id")
        for key in ("include", "exclude"):
            for index, place in enumerate(getattr(self, key)):
                form = "an account (12 digits) or an organizational unit (`ou-...`)"
                _match(PLACE, f"{key}[{index}]", place, form)


class AwsSettings(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="provider",
    tag="aws",
):
    """One way into AWS. The identity is the SDK's own chain, or `profile`, or `role_arn`."""

    account: str = ""
    """The id that is expected; another one answering is an error. Empty: whoever answers."""
    organization: OrganizationSettings | None = None
    """Observe the accounts that AWS Organizations lists to this identity, which is of the
    management account or of a delegated administrator."""
    name: str = ""
    partition: str = ""
    """`aws`, `aws-us-gov` or `aws-cn`; another one answering is an error. Empty: that of
    `role_arn`, or whichever answers."""
    home_region: str = ""
    """Where calls to the whole account and to STS go. Empty: as the SDK is configured, else the
    partition's first region."""
    regions: tuple[str, ...] = ()
    """Empty: every region that is enabled in the account."""
    profile: str = ""
    role_arn: str = ""
    external_id: str = ""
    endpoint_url: str = ""
    """For a VPC endpoint, a proxy or a test server; empty: AWS's own."""
    ca_bundle: str = ""

    def __post_init__(self) -> None:
        """Refuse what AWS cannot know, and what contradicts itself."""
        _match_if(ACCOUNT, "account", self.account, "an account id of 12 digits, in quotes")
        _match_if(PARTITION, "partition", self.partition, "a partition (`aws-us-gov`)")
        verify_role(self.role_arn, self.external_id)
        if self.account and self.organization:
            raise ValueError("account: `organization` finds the accounts; keep one of the two")
        self._check_role()

    @property
    def provider(self) -> str:
        """The tag."""
        return "aws"

    def _check_role(self) -> None:
        found = ROLE_ARN.fullmatch(self.role_arn)
        if found is None:
            return
        partition, account = found.groups()
        if self.partition not in {"", partition}:
            raise ValueError(f"role_arn: it is in {partition}, `partition` says {self.partition}")
        if self.account not in {"", account}:
            raise ValueError(f"role_arn: it is in {account}, `account` says {self.account}")


def verify_role(role_arn: str, external_id: str) -> None:
    """Raise `ValueError`, which names the key, for a role that cannot be assumed; none is well."""
    if external_id and not role_arn:
        raise ValueError("external_id: it is shown to a role; `role_arn` is missing")
    _match_if(EXTERNAL_ID, "external_id", external_id, "an external id")
    form = "a role (`arn:aws:iam::111122223333:role/assay-read`)"
    _match_if(ROLE_ARN, "role_arn", role_arn, form)


def _match_if(pattern: re.Pattern[str], key: str, value: str, form: str) -> None:
    if value:
        _match(pattern, key, value, form)


def _match(pattern: re.Pattern[str], key: str, value: str, form: str) -> None:
    if not pattern.fullmatch(value):
        raise ValueError(f"{key}: {value!r} is not {form}")
