"""What a language must say of comparisons: tables filled in by comparing_en.py and comparing_zh.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Comparing:
    """Sentence patterns of one language; names in braces are filled in by contrast.py.

    `relations` go by Relation, `changes` by (subject, turn), `findings` by code: what is wrong, and what to change.
    `example` says one request and the instant; `given` adds what its context says, `taken` what a counter has, `undone`
    the duties that are not done.
    """

    code: str
    relations: Mapping[str, str]
    only_first: str
    only_second: str
    example: str
    given: str
    taken: str
    undone: str
    changes: Mapping[tuple[str, str], str]
    permission: str
    prohibition: str
    policy: str
    equal: str
    findings: Mapping[str, tuple[str, str]]
    levels: Mapping[str, str]
