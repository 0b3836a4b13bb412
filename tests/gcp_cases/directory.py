"""People of the directory, and the contacts that the organization has given to Google."""

from gcp_kit import ORGANIZATION

from gcp_cases import Case, Make, ago, asset, organization, together, user

_ROSTER = {
    "hr.person": "email,status,terminated_at\n"
    "ana@example.com,active,\n"
    "eve@example.com,terminated,2026-01-31\n"
}


def _admins(count: int) -> Make:
    admins = [user(f"admin{number}@example.com", isAdmin=True) for number in range(count)]
    return together(organization(), *admins, user("ana@example.com"))


def _contact(*categories: str) -> Make:
    name = f"{ORGANIZATION}/contacts/1"
    data = {
        "name": name,
        "email": "security@example.com",
        "notificationCategorySubscriptions": [*categories],
        "validationState": "VALID",
    }
    kind = "essentialcontacts.googleapis.com/Contact"
    return together(organization(), asset(kind, data, name=name, above=[ORGANIZATION]))


CASES = (
    Case(
        "gcp-directory-user-2sv-enrolled",
        user("ana@example.com"),
        user("ana@example.com", isEnrolledIn2Sv=False),
    ),
    Case(
        "gcp-directory-user-2sv-enforced",
        user("ana@example.com"),
        user("ana@example.com", isEnforcedIn2Sv=False),
    ),
    Case(
        "gcp-directory-admin-2sv",
        user("ana@example.com", isDelegatedAdmin=True),
        user("ana@example.com", isAdmin=True, isEnforcedIn2Sv=False),
    ),
    Case("gcp-directory-super-admins-limited", _admins(2), _admins(1)),
    Case(
        "gcp-directory-user-unused",
        user("ana@example.com", lastLoginTime="1970-01-01T00:00:00.000Z", creationTime=ago(9)),
        user("ana@example.com", lastLoginTime="1970-01-01T00:00:00.000Z"),
    ),
    Case(
        "gcp-directory-user-in-hr-roster",
        user("Ana@example.com"),
        user("nobody@example.com"),
        files=_ROSTER,
    ),
    Case(
        "gcp-directory-user-terminated-suspended",
        user("eve@example.com", suspended=True),
        user("eve@example.com"),
        files=_ROSTER,
    ),
    Case(
        "gcp-essential-contacts",
        _contact("ALL"),
        _contact("SECURITY", "LEGAL", "TECHNICAL"),
    ),
)
