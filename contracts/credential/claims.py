"""Whether the claims of a credential are ones that its type can have (`contracts.credential.kinds`).

Law: claims are checked when a credential is issued and when it is shown; check characters are part of it. A refusal
does not repeat what was said: it may be of a person.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from contracts import legal_codes
from contracts.credential.kinds import KINDS, moment
from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Mapping


def check(kind: str, claims: Mapping[str, Any]) -> None:
    """Raise ContractError, at the claim, for claims that a type of KINDS cannot have; others say what they like."""
    if kind not in KINDS:
        return
    told = {name: value for name, value in claims.items() if name != "id"}
    fault = next(iter(_validator(kind).iter_errors(told)), None)
    if fault is not None:
        path = "/".join(map(str, fault.instance_path))
        hint = f"it says {', '.join(KINDS[kind].schema['properties'])}"
        raise ContractError("credential", f"claims of a {kind}: {path}{' ' if path else ''}{fault.message[:200]}", hint)


@lru_cache
def _validator(kind: str) -> jsonschema_rs.Draft202012Validator:
    forms = {"credit-code": legal_codes.is_credit_code, "lei": legal_codes.is_lei, "moment": _is_moment}
    schema = dict(KINDS[kind].schema)
    return jsonschema_rs.Draft202012Validator(schema, formats=forms, validate_formats=True, mask="what is said")


def _is_moment(text: str) -> bool:
    """Say whether it is a date and time with its zone."""
    try:
        return moment(text).tzinfo is not None
    except ValueError:
        return False
