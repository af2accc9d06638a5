"""What of a party is proven by credentials, as a policy asks for it: operand → the type and the claim that say it.

Law: (1) such an operand has no other source: whatever a party says of itself goes for nothing. (2) Who is believed
about a type is said for that type (`trust.issuers`). (3) A person acts for the organisation that shows its mandate: of
a mandate of another one nothing is proven.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from contracts.credential import kinds
from contracts.credential.kinds import CERTIFICATION, HANDLING_PERSON, LEGAL_PERSON, MEMBERSHIP, ROLE
from contracts.facts import MAX_CHARACTERS
from policy.values import scalar
from policy.vocabulary import catenax

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from contracts.credential.model import Credential
    from contracts.facts import Fact

# what Catena-X calls who is a member
ACTIVE: Final = "active"
MEMBER_ROLE: Final = "memberRole"


@dataclass(frozen=True, slots=True)
class Source:
    """The type of a credential and the claim in it.

    `constant` is what is so by the credential itself; `beside` is a type without which it proves nothing, empty for
    none.
    """

    type: str
    claim: str = ""
    constant: str = ""
    beside: str = ""

    @property
    def types(self) -> tuple[str, ...]:
        """The types that have to be shown."""
        return (self.type, self.beside) if self.beside else (self.type,)


PROVEN: Final[Mapping[str, Source]] = {
    catenax.MEMBERSHIP: Source(MEMBERSHIP, constant=ACTIVE),
    MEMBER_ROLE: Source(ROLE, "role"),
    "legalForm": Source(LEGAL_PERSON, "legalForm"),
    "country": Source(LEGAL_PERSON, "country"),
    "identityLevel": Source(LEGAL_PERSON, "level"),
    "certification": Source(CERTIFICATION, "certification"),
    "securityLevel": Source(CERTIFICATION, "securityLevel"),
    "mandate": Source(HANDLING_PERSON, "mandate", beside=LEGAL_PERSON),
}
# of members the space's document says these
OF_SPACE: Final = frozenset({catenax.MEMBERSHIP, MEMBER_ROLE})


def facts(shown: Iterable[tuple[str, Credential]]) -> Mapping[str, Fact]:
    """Return operand → what is proven by (type, credential) that hold and whose issuers are believed about the type."""
    by_type = dict(shown)
    found = {name: _fact(name, source, by_type) for name, source in PROVEN.items()}
    return {name: value for name, value in found.items() if value}


def _fact(name: str, source: Source, by_type: Mapping[str, Credential]) -> Fact:
    """Return a value that its operand can have, empty where nothing is proven."""
    credential, beside = by_type.get(source.type), by_type.get(source.beside)
    if credential is None or (source.beside and (beside is None or not _acts_for(credential, beside))):
        return ""
    told: Any = source.constant or credential.subject.get(source.claim)
    texts = tuple(dict.fromkeys(map(str, told if isinstance(told, list) else [] if told is None else [told])))
    if any(not 0 < len(one) <= MAX_CHARACTERS or scalar(name, one) is None for one in texts):
        return ""
    return texts[0] if len(texts) == 1 else texts


def _acts_for(mandate: Credential, legal: Credential) -> bool:
    """Say whether a mandate is of the organisation whose legal identity is shown with it."""
    return mandate.subject.get(kinds.ORGANISATION) in kinds.codes(legal.subject)
