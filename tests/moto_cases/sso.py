"""Permission sets of IAM Identity Center; moto always has one instance."""

from moto_cases import Case, ClientOf, Make


def _permission_set(duration: str = "PT1H", policy: str = "ReadOnlyAccess") -> Make:
    def make(client: ClientOf) -> str:
        sso = client("sso-admin")
        instance = sso.list_instances()["Instances"][0]["InstanceArn"]
        made = sso.create_permission_set(InstanceArn=instance, Name="dev", SessionDuration=duration)
        arn = made["PermissionSet"]["PermissionSetArn"]
        sso.attach_managed_policy_to_permission_set(
            InstanceArn=instance,
            PermissionSetArn=arn,
            ManagedPolicyArn=f"arn:aws:iam::aws:policy/{policy}",
        )
        return str(arn)

    return make


CASES = (
    Case("aws-sso-session-duration", _permission_set("PT8H"), _permission_set("PT12H")),
    Case(
        "aws-sso-admin-permission-set-limited",
        _permission_set(),
        _permission_set(policy="AdministratorAccess"),
    ),
)
