"""What each body of the Management API has, member by member, and what is said of one that has it not.

Law: everything that is wrong with a body is said at once, each with its member; members that no row knows are left
alone, as they are by every server of this interface: its clients write more than it reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from connector.runtime.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

# ids stand in addresses, and in what both sides sign
ID_CHARACTERS_MAX = 500
TEXT_CHARACTERS_MAX = 4_000
VIOLATIONS_MAX = 50


class Violation(NamedTuple):
    """What is wrong with one member."""

    message: str
    path: str
    value: Any = None


class Violations(InvalidInput):
    """A body that is not what it should be."""

    def __init__(self, found: Iterable[Violation]) -> None:
        self.found = list(found)[:VIOLATIONS_MAX]
        super().__init__("; ".join(one.message for one in self.found))


@dataclass(frozen=True, slots=True)
class Member:
    """What a member must be."""

    holds: Callable[[Any], bool]
    words: str
    needed: bool = False


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= ID_CHARACTERS_MAX and value.isprintable()


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= TEXT_CHARACTERS_MAX


ID: Final = Member(_is_id, f"a text of one line of at most {ID_CHARACTERS_MAX} characters")
TEXT: Final = Member(_is_text, f"a text of at most {TEXT_CHARACTERS_MAX} characters")
OBJECT: Final = Member(lambda value: isinstance(value, dict), "an object")
LIST: Final = Member(lambda value: isinstance(value, list | dict), "a list")


def needed(member: Member) -> Member:
    """Return the member as one that must be there."""
    return Member(member.holds, member.words, needed=True)


SHAPES: Final[Mapping[str, Mapping[str, Member]]] = MappingProxyType({
    "Asset": {"@id": ID, "properties": OBJECT, "privateProperties": OBJECT, "dataAddress": needed(OBJECT)},
    "PolicyDefinition": {"@id": ID, "policy": needed(OBJECT), "privateProperties": OBJECT},
    "PolicyEvaluationPlanRequest": {"policyScope": needed(ID)},
    "ContractDefinition": {
        "@id": ID, "accessPolicyId": needed(ID), "contractPolicyId": needed(ID), "assetsSelector": LIST,
        "privateProperties": OBJECT,
    },
    "CatalogRequest": {
        "counterPartyAddress": needed(TEXT), "counterPartyId": ID, "protocol": TEXT, "querySpec": OBJECT,
    },
    "DatasetRequest": {"@id": needed(ID), "counterPartyAddress": needed(TEXT), "counterPartyId": ID, "protocol": TEXT},
    "ContractRequest": {
        "counterPartyAddress": needed(TEXT), "counterPartyId": ID, "protocol": TEXT, "policy": needed(OBJECT),
        "callbackAddresses": LIST,
    },
    "TransferRequest": {
        "counterPartyAddress": TEXT, "contractId": needed(ID), "transferType": needed(ID), "protocol": TEXT,
        "dataDestination": OBJECT, "privateProperties": OBJECT, "callbackAddresses": LIST,
    },
    "Secret": {"@id": ID, "value": needed(TEXT)},
    "TerminateNegotiation": {"reason": TEXT},
    "TerminateTransfer": {"reason": TEXT},
    "SuspendTransfer": {"reason": TEXT},
})  # fmt: skip


def require(kind: str, document: Mapping[str, Any]) -> None:
    """Raise Violations for a body that is not of a kind."""
    found = []
    for name, member in SHAPES[kind].items():
        value = document.get(name)
        if value is None and member.needed:
            found.append(Violation(f"`{name}` is absent; it is {member.words}", name))
        elif value is not None and not member.holds(value):
            found.append(Violation(f"`{name}` must be {member.words}", name, str(value)[:200]))
    if found:
        raise Violations(found)
