"""Answers that come with evidence of the reader that gave them: a member of the gate (decision 0288).

Law: (1) which program that is, and what vouches for it, is agreed on: by the measurement of the reader, its platform,
and the root of that platform's signatures. (2) What vouches is said by the label of the platform's row. (3) Statements
alone are attested: a gate that answers in another way as well is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from contracts import platforms
from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Mapping

DIGEST: Final = re.compile(r"sha-256:[0-9a-f]{64}", re.ASCII)
_SAID: Final = ("attested: {}", "答复证明:{}")
_MEMBERS: Final = ("platform", "measurement", "root")


@dataclass(frozen=True, slots=True)
class Attested:
    """Answers are given by a reader of this `measurement`, for which `platform` vouches; its signatures end at `root`.

    Both are `sha-256:` and 64 hexadecimal digits.
    """

    platform: str
    measurement: str
    root: str

    def __post_init__(self) -> None:
        platforms.platform(self.platform)
        for name in ("measurement", "root"):
            if not DIGEST.fullmatch(getattr(self, name)):
                raise ContractError("terms", f"the {name} of an attested reader is `sha-256:` and a digest")

    def check(self, others: Mapping[str, object | None]) -> None:
        """Raise ContractError where a gate has one of the `others`, which answer in another way than statements."""
        if odd := next((name for name, one in others.items() if one is not None), None):
            text = f"answers by `{odd}` are not attested: statements alone are"
            raise ContractError("terms", text, "publish the same files under another id")

    def label(self, lang: str = "en") -> str:
        """Return what vouches for the reader, in words."""
        return platforms.words(self.platform, lang)

    def json(self) -> dict[str, Any]:
        """Return it as terms have it."""
        return {name: getattr(self, name) for name in _MEMBERS}


def read(value: Any, name: str) -> Attested:
    """Read it as terms have it; raises ContractError."""
    if not isinstance(value, dict) or set(value) != set(_MEMBERS):
        raise ContractError("terms", f"`{name}` has exactly the members {', '.join(sorted(_MEMBERS))}")
    if not all(isinstance(one, str) for one in value.values()):
        raise ContractError("terms", f"the members of `{name}` are texts")
    return Attested(**value)


def named(terms: Mapping[str, Any]) -> str:
    """Return the platform that vouches for the reader of signed terms (JSON), empty where none does."""
    told = (terms.get("gate") or {}).get("attested")
    return "" if told is None else str(told["platform"])


def said(platform: str, lang: str = "en") -> str:
    """Return that answers are attested by a platform, in words."""
    return _SAID[platforms.LANGUAGES.index(lang)].format(platforms.words(platform, lang))


def label(terms: Mapping[str, Any], lang: str = "en") -> str:
    """Return what vouches for the reader of signed terms (JSON), in words; empty where nothing does."""
    name = named(terms)
    return platforms.words(name, lang) if name else ""
