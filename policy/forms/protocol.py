"""The form in which the Dataspace Protocol shows a policy: a rule's members in lists, a value no bare number or truth.

Law: the policy stays the same policy: what is written another way is read as it was before (ODRL's own forms allow
both, the protocol's schemas one).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# members that the protocol has in lists alone
LISTED = frozenset({"permission", "prohibition", "obligation", "duty", "remedy", "consequence", "constraint"})
VALUE = "rightOperand"


def shown(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return a decoded policy, or its rules, in the protocol's form."""
    return {name: _member(name, value) for name, value in tree.items()}


def _member(name: str, value: Any) -> Any:
    if name == VALUE:
        return [_value(one) for one in value] if isinstance(value, list) else _value(value)
    if name in LISTED and isinstance(value, Mapping):
        value = [value]
    if isinstance(value, list):
        return [shown(one) if isinstance(one, Mapping) else one for one in value]
    return shown(value) if isinstance(value, Mapping) else value


def _value(one: Any) -> Any:
    if isinstance(one, bool):
        return str(one).lower()
    return str(one) if isinstance(one, (int, float)) else one
