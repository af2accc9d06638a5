"""What an API key may do: its scopes, each of which names acts of the table.

    look      whatever only reads
    act       whatever its roles may do
    product   the acts whose names begin with these words, such as `product price`; `product price` is that act alone

Law: what says who may act here (`OWN`) is the owner's alone, under every scope.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connector.client.acts.request import refuse
from connector.client.acts.table import TABLE
from connector.runtime.limits import API_KEY_SCOPES_MAX

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from connector.client.acts.act import Act

LOOK, ACT = "look", "act"
# acts that give power to somebody, or tell what opens something: people, keys, other connectors, any folder
OWN: Final = (
    "account",
    "authority grant",
    "authority revoke",
    "api-key",
    "key draw",
    "key rotate",
    "operator",
    "folder",
    "credential client",
    "controlplane",
    "dataplane",
)
# they read, and what they read is counted and paid for
USES: Final = ("acquisition read",)
_EXAMPLE = "`look`, `act`, or words with which names of acts begin, such as `product` (docs/reference.md)"


def check(scopes: Iterable[str]) -> list[str]:
    """Return scopes in order, each once; raises InvalidInput for one that covers no act."""
    told = sorted(set(scopes))
    if not 0 < len(told) <= API_KEY_SCOPES_MAX:
        refuse(f"a key has 1 to {API_KEY_SCOPES_MAX} scopes", _EXAMPLE)
    for scope in told:
        if not any(covers([scope], act) for act in TABLE):
            refuse(f"`{scope[:100]}` is no scope of a key", _EXAMPLE)
    return told


def covers(scopes: Collection[str], act: Act) -> bool:
    """Say whether an act is within one of the scopes."""
    if is_named(act, OWN):
        return False
    looks = LOOK in scopes and not act.changes and not is_named(act, USES)
    return looks or ACT in scopes or is_named(act, scopes)


def is_named(act: Act, beginnings: Iterable[str]) -> bool:
    """Say whether the name of an act begins with one of these words."""
    return any(f"{act.name} ".startswith(f"{words} ") for words in beginnings)
