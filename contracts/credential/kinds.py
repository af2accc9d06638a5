"""The types of credentials whose claims are known here: what each must say, and of what nothing but a digest is kept.

    LegalPersonCredential     who an organisation is: its code, name, legal form, country, and how far that was verified
    HandlingPersonCredential  who acts for it (经办人): a reference that names nobody, its mandate, and until when
    CertificationCredential   what it, or its connector, is certified for

Law: of a person there is nothing but a reference: whatever else somebody says of one is refused, also when another
issued it. Of other types nothing is known here, and nothing is asked of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

LEGAL_PERSON, HANDLING_PERSON = "LegalPersonCredential", "HandlingPersonCredential"
CERTIFICATION: Final = "CertificationCredential"
MEMBERSHIP, ROLE = "MembershipCredential", "RoleCredential"
# how far an identity was verified, in English and 中文; 0 is what nobody has verified
LEVELS: Final = (
    ("said by its holder", "持有人自述"),
    ("the code is one that can be", "代码校验通过"),
    ("documents were seen", "已核验证照"),
    ("the register was asked", "已向登记机关核验"),
)
NAME_CHARACTERS_MAX, WORD_CHARACTERS_MAX, WORDS_MAX = 256, 128, 32
CREDIT_CODE, LEI = "unifiedSocialCreditCode", "lei"
# members of HandlingPersonCredential
PERSON, ORGANISATION, MANDATE, UNTIL = "person", "organisation", "mandate", "until"

_WORD: Final = {"type": "string", "minLength": 1, "maxLength": WORD_CHARACTERS_MAX}
_WORDS: Final = {"oneOf": [_WORD, {"type": "array", "items": _WORD, "minItems": 1, "maxItems": WORDS_MAX}]}
# what is typed is text; other issuers write a number
_LEVEL: Final = {"enum": [form(level) for level in range(1, len(LEVELS)) for form in (str, int)]}
_CODES: Final = {CREDIT_CODE: {"type": "string", "format": "credit-code"}, LEI: {"type": "string", "format": "lei"}}


@dataclass(frozen=True, slots=True)
class Kind:
    """One type: the JSON Schema of its claims without `id`, and the claims that are kept as a digest alone."""

    schema: Mapping[str, Any]
    concealed: tuple[str, ...] = ()


KINDS: Final[Mapping[str, Kind]] = {
    LEGAL_PERSON: Kind({
        "type": "object",
        "required": ["legalName", "legalForm", "country", "level"],
        "anyOf": [{"required": [code]} for code in _CODES],
        "properties": {
            **_CODES,
            "legalName": {"type": "string", "minLength": 1, "maxLength": NAME_CHARACTERS_MAX},
            "legalForm": _WORD,
            "country": {"type": "string", "pattern": "^[A-Z]{2}$"},
            "level": _LEVEL,
        },
    }),
    HANDLING_PERSON: Kind({
        "type": "object",
        "required": [PERSON, ORGANISATION, MANDATE, UNTIL, "level"],
        "additionalProperties": False,
        "properties": {
            PERSON: {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            ORGANISATION: {"type": "string", "anyOf": [{"format": "credit-code"}, {"format": "lei"}]},
            MANDATE: _WORDS,
            UNTIL: {"type": "string", "format": "moment"},
            "level": _LEVEL,
        },
    }, concealed=(PERSON,)),
    CERTIFICATION: Kind({
        "type": "object",
        "required": ["certification"],
        "properties": {"certification": _WORDS, "securityLevel": _WORD},
    }),
}  # fmt: skip


def codes(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the codes by which a LegalPersonCredential names its organisation, the credit code before the LEI."""
    return tuple(str(claims[name]) for name in _CODES if name in claims)


def over(kind: str, claims: Mapping[str, Any]) -> datetime | None:
    """Return when claims end by themselves (a mandate does), None where they say nothing of it; checked before."""
    return moment(claims[UNTIL]) if kind == HANDLING_PERSON else None


def moment(text: str) -> datetime:
    """Return a date and time as claims write it; raises ValueError."""
    return datetime.fromisoformat(text)
