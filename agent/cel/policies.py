"""What a resource policy grants and refuses, over the normalised shape of `checks/decode.py`.

    {Statement: [{Effect, Action | NotAction: [lower case], Resource: [...], principals: [...],
                  NotPrincipal?, Condition?: {operator: {key: [values]}}, public: bool}]}

How AWS evaluates: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from agent.cel.errors import Fault
from agent.cel.text import glob

_Statement = Mapping[str, Any]


def policy_allows(policy: Mapping[str, Any], principal: str, action: str) -> bool:
    """Whether some statement lets `principal` do all that `action` names.

    `principal` is an ARN, an account, a service, or "*" for everybody. For everybody a statement
    counts when it is `public`, that is, when no condition of it restricts who; for a principal by
    name it counts whatever its conditions. A statement without principals (of an identity's own
    policy) is for any. `action` may have wildcards: "s3:*" is allowed by "s3:*" and "*" only.
    A Deny counts when it has no condition and covers the principal, the action and the resources.
    """
    asked = action.lower()
    statements = _statements(policy)
    refused = [each for each in statements if _refuses(each, principal, asked)]
    return any(
        _grants(each, principal, asked) and not any(_covers(deny, each) for deny in refused)
        for each in statements
    )


def policy_denies(policy: Mapping[str, Any], condition_key: str, value: str) -> bool:
    """Whether every request in which `condition_key` has `value` is denied to everybody.

    It is when a Deny for everybody, on all actions ("*" or "service:*"), has a condition on this
    key alone that the value fulfils; as in
    `policy_denies(resource.Policy, 'aws:SecureTransport', 'false')`. Which resources the Deny
    names is not looked at: a bucket's may name the bucket, its objects, or both.
    """
    key = condition_key.lower()
    return any(
        each.get("Effect") == "Deny"
        and "*" in each.get("principals", ())
        and any(action == "*" or action.endswith(":*") for action in each.get("Action", ()))
        and _only_condition_holds(each, key, value)
        for each in _statements(policy)
    )


def _statements(policy: Mapping[str, Any]) -> list[_Statement]:
    found = policy.get("Statement")
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Fault("missing", "the policy has no list of statements")
    return found


def _grants(statement: _Statement, principal: str, action: str) -> bool:
    if statement.get("Effect") != "Allow" or not _names_action(statement, action):
        return False
    if principal == "*" and "public" in statement and "principals" in statement:
        return bool(statement["public"])
    return _names_principal(statement, principal)


def _refuses(statement: _Statement, principal: str, action: str) -> bool:
    return (
        statement.get("Effect") == "Deny"
        and not statement.get("Condition")
        and not statement.get("NotPrincipal")
        and _names_action(statement, action)
        and _names_principal(statement, principal)
    )


def _covers(deny: _Statement, allow: _Statement) -> bool:
    """Whether the Deny is for all resources of the other."""
    patterns = deny.get("Resource", ())
    return all(any(glob(each, one) for each in patterns) for one in allow.get("Resource", ("*",)))


def _names_principal(statement: _Statement, principal: str) -> bool:
    if excepted := statement.get("NotPrincipal"):
        return principal not in _flat(excepted)
    listed = statement.get("principals")
    return listed is None or "*" in listed or principal in listed


def _flat(principals: Any) -> set[str]:
    """Give the names in a principal element, which is text, a list, or a map of either."""
    if isinstance(principals, Mapping):
        return _flat(list(principals.values()))
    if isinstance(principals, list):
        return {name for each in principals for name in _flat(each)}
    return {principals}


def _names_action(statement: _Statement, action: str) -> bool:
    if (excepted := statement.get("NotAction")) is not None:
        return not any(_overlap(each.lower(), action) for each in excepted)
    return any(glob(each.lower(), action) for each in statement.get("Action", ()))


def _overlap(left: str, right: str) -> bool:
    """Whether some text fits both patterns; errs on the side of yes for two `*` in a row."""
    return glob(left, right) or glob(right, left) or _crossing(left, right)


def _crossing(left: str, right: str) -> bool:
    """Two patterns with a `*` each can meet though neither covers the other (`s3:*b`, `s3:a*`)."""
    if "*" not in left or "*" not in right:
        return False
    heads = left.split("*", 1)[0], right.split("*", 1)[0]
    tails = left.rsplit("*", 1)[1], right.rsplit("*", 1)[1]
    return (heads[0].startswith(heads[1]) or heads[1].startswith(heads[0])) and (
        tails[0].endswith(tails[1]) or tails[1].endswith(tails[0])
    )


def _only_condition_holds(statement: _Statement, key: str, value: str) -> bool:
    conditions = [
        (operator, name.lower(), values)
        for operator, tests in statement.get("Condition", {}).items()
        for name, values in tests.items()
    ]
    if len(conditions) != 1 or conditions[0][1] != key:
        return False
    operator, _, values = conditions[0]
    test = _OPERATORS.get(operator.lower().removesuffix("ifexists"))
    # an operator that is not known here proves nothing, so the policy is not known to deny
    return test is not None and any(_holds(test, each, value) for each in values)


def _holds(test: Callable[[str, str], bool], limit: str, value: str) -> bool:
    try:
        return test(limit, value)
    except ValueError:
        return False


_OPERATORS: Final[dict[str, Callable[[str, str], bool]]] = {
    "bool": lambda limit, value: limit.lower() == value.lower(),
    "stringequals": lambda limit, value: limit == value,
    "stringequalsignorecase": lambda limit, value: limit.lower() == value.lower(),
    "stringlike": glob,
    "arnequals": glob,
    "arnlike": glob,
    "numericequals": lambda limit, value: float(value) == float(limit),
    "numericlessthan": lambda limit, value: float(value) < float(limit),
    "numericlessthanequals": lambda limit, value: float(value) <= float(limit),
    "numericgreaterthan": lambda limit, value: float(value) > float(limit),
    "numericgreaterthanequals": lambda limit, value: float(value) >= float(limit),
}
