"""What a language must say: a dataclass of tables, filled in by en.py and zh.py; a test compares them key by key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.model import PolicyKind


@dataclass(frozen=True, slots=True)
class Language:
    """Sentence patterns of one language; names in braces are filled in by speak.py.

    `conditions` go by (left operand, operator), `reasons` by reason code, `actions` by action.
    """

    code: str
    heads: Mapping[PolicyKind, str]
    anybody: str
    anything: str
    anonymous: str
    permission: str
    prohibition: str
    obligation: str
    provided: str
    where: str
    first: str
    joint: str
    stop: str
    closing: str
    conditions: Mapping[tuple[str, str], str]
    logical: Mapping[str, tuple[str, str]]
    operands: Mapping[str, str]
    actions: Mapping[str, str]
    duties: Mapping[str, str]
    terms: str
    nothing: str
    listing: str
    reasons: Mapping[str, str]
