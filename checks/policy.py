"""Brings an AWS policy document into one form, and answers two questions about it.

AWS lets a policy say the same in many ways (a string or a list, an account number or its root
ARN, any case in actions and condition keys); a rule should not have to know them. What a
statement grants to whom is kept; nothing is evaluated beyond `public` and `tls_only`.
Grammar: docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

RESTRICTING_KEYS = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceip",
        "aws:sourceorgid",
        "aws:sourceorgpaths",
        "aws:sourceowner",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:userid",
        "aws:vpcsourceip",
        "elasticfilesystem:accessedviamounttarget",
        "kms:calleraccount",
        "lambda:functionurlauthtype",
        "s3:dataaccesspointaccount",
        "s3:dataaccesspointarn",
    }
)
"""Condition keys that confine a statement for `*` to known accounts, organisations or networks.

As S3 Block Public Access defines a policy that is not public, and IAM Access Analyzer alike:
docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

_CONFINING = re.compile(
    r"(foranyvalue:)?(stringequals|stringequalsignorecase|stringlike|arnequals|arnlike|ipaddress|bool)\Z"
)
"""Operators that are false when the key is missing; `ForAllValues:` and `...IfExists` are not."""

_ACCOUNT = re.compile(r"[0-9]{12}\Z")
_ORGANISATION_PATH = re.compile(r"o-[a-z0-9]{10,32}/")
_UNIQUE_ID = re.compile(r"A[A-Z0-9]{15,}:")


class PolicyError(ValueError):
    """The document is not a policy."""


def normalise(document: Any) -> dict[str, Any]:
    """Bring a document into one form.

    `{Version?, Id?, Statement: [{Sid?, Effect, Action: [lower case], NotAction?, Resource: [...],
    NotResource?, principals: ["*" | ARN | account | service], Principal: {kind: [...]},
    NotPrincipal?, accounts: [ids], Condition: {operator: {key: [texts]}},
    condition_keys: [lower case], public}], public, tls_only}`.
    """
    if not isinstance(document, Mapping):
        raise PolicyError(f"it is a {type(document).__name__}")
    given = document.get("Statement", [])
    statements = [_statement(one) for one in (given if isinstance(given, list) else [given])]
    named = {key: document[key] for key in ("Version", "Id") if document.get(key)}
    return {
        **named,
        "Statement": statements,
        "public": any(statement["public"] for statement in statements),
        "tls_only": any(_refuses_plain_http(statement) for statement in statements),
    }


def _statement(given: Any) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise PolicyError("a statement is not an object")
    if given.get("Effect") not in {"Allow", "Deny"}:
        raise PolicyError("a statement's Effect is neither Allow nor Deny")
    principals = _principals(given.get("Principal"))
    condition = _condition(given.get("Condition") or {})
    everybody = sorted({one for named in principals.values() for one in named})
    result: dict[str, Any] = {
        "Effect": given["Effect"],
        "Action": [action.lower() for action in _texts(given.get("Action"))],
        "Resource": _texts(given.get("Resource")),
        "Principal": principals,
        "principals": everybody,
        "accounts": sorted({account for one in everybody if (account := _account(one))}),
        "Condition": condition,
        "condition_keys": sorted({key.lower() for keys in condition.values() for key in keys}),
    }
    if given.get("Sid"):
        result["Sid"] = str(given["Sid"])
    if "NotAction" in given:
        result["NotAction"] = [action.lower() for action in _texts(given["NotAction"])]
    if "NotResource" in given:
        result["NotResource"] = _texts(given["NotResource"])
    if "NotPrincipal" in given:
        result["NotPrincipal"] = _principals(given["NotPrincipal"])
    return {**result, "public": _is_public(result)}


def _principals(given: Any) -> dict[str, list[str]]:
    if given is None:
        return {}
    if isinstance(given, str):
        return {"AWS": [given]}
    if not isinstance(given, Mapping):
        raise PolicyError("a principal is neither text nor an object")
    return {str(kind): _texts(named) for kind, named in given.items()}


def _condition(given: Any) -> dict[str, dict[str, list[str]]]:
    if not isinstance(given, Mapping):
        raise PolicyError("a Condition is not an object")
    result: dict[str, dict[str, list[str]]] = {}
    for operator, keys in given.items():
        if not isinstance(keys, Mapping):
            raise PolicyError(f"the condition {operator} is not an object")
        result[str(operator)] = {str(key): _texts(values) for key, values in keys.items()}
    return result


def _texts(given: Any) -> list[str]:
    if given is None:
        return []
    if isinstance(given, bool):
        return [str(given).lower()]
    if isinstance(given, str | int | float):
        return [str(given)]
    if isinstance(given, list):
        return [text for one in given for text in _texts(one)]
    raise PolicyError(f"a {type(given).__name__} where text was expected")


def _account(principal: str) -> str:
    if _ACCOUNT.match(principal):
        return principal
    fields = principal.split(":")
    return fields[4] if len(fields) > 4 and _ACCOUNT.match(fields[4]) else ""  # noqa: PLR2004  # arn


def _is_public(statement: Mapping[str, Any]) -> bool:
    if statement["Effect"] != "Allow":
        return False
    everybody = "*" in statement["principals"] or "NotPrincipal" in statement
    return everybody and not any(
        _confines(operator, key, values)
        for operator, keys in statement["Condition"].items()
        for key, values in keys.items()
    )


def _confines(operator: str, key: str, values: list[str]) -> bool:
    matched = _CONFINING.match(operator.lower())
    if not matched or key.lower() not in RESTRICTING_KEYS or not values:
        return False
    if matched[2] == "bool":
        return values == ["true"]
    if key.lower() in {"aws:sourceip", "aws:vpcsourceip"}:
        return matched[2] == "ipaddress" and all(_is_narrow(value) for value in values)
    if key.lower() == "lambda:functionurlauthtype":
        return all(value == "AWS_IAM" for value in values)
    return all(_is_fixed(value) for value in values)


def _is_fixed(value: str) -> bool:
    """Whether a value that may hold wildcards still names one account, organisation or thing."""
    if "*" not in value and "?" not in value:
        return bool(value) and "${" not in value
    if value.startswith("arn:"):
        return bool(_account(value))
    return bool(_ORGANISATION_PATH.match(value) or _UNIQUE_ID.match(value))


def _is_narrow(cidr: str) -> bool:
    """Narrower than /8 in IPv4 and /32 in IPv6, the limits of S3 Block Public Access."""
    try:
        network = ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return False
    return network.prefixlen >= (8 if network.version == 4 else 32)  # noqa: PLR2004  # see above


def _refuses_plain_http(statement: Mapping[str, Any]) -> bool:
    """Tell a Deny for everybody, of every action, whenever aws:SecureTransport is false."""
    if statement["Effect"] != "Deny" or "*" not in statement["principals"]:
        return False
    if not any(re.fullmatch(r"\*|[a-z0-9-]+:\*", action) for action in statement["Action"]):
        return False
    conditions = [
        (operator.lower(), key.lower(), [value.lower() for value in values])
        for operator, keys in statement["Condition"].items()
        for key, values in keys.items()
    ]
    return len(conditions) == 1 and (
        conditions[0][0] in {"bool", "boolifexists"}
        and conditions[0][1:] == ("aws:securetransport", ["false"])
    )
