"""What the documents in an event of a log say, in a few words: an assent, the evidence of a reader, a receipt.

Law: what cannot be read says nothing here. An audit says what is wrong with it, and the event shows it whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from contracts import assent as assents
from contracts import attested, instants

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# of what somebody else wrote, so much
CHARACTERS_MAX: Final = 300
# what a receipt says besides that it is one
_RECEIPTED: Final = ("epsilon", "seconds", "assent")


def facts(kind: str, fields: Mapping[str, Any]) -> dict[str, str]:
    """Return field → what its document says, of the fields of an event that have one."""
    found: dict[str, str] = {}
    for (of, name), said in _SAID.items():
        if of != kind or not isinstance(fields.get(name), dict):
            continue
        try:
            text = said(fields[name])
        except (KeyError, TypeError, ValueError):
            continue
        found |= {name: text[:CHARACTERS_MAX]} if text else {}
    return found


def _given(told: Mapping[str, Any]) -> str:
    made = assents.from_json(told)
    return f"{made.digest.hex()} by {made.reviewer} until {instants.show(made.until)}: {made.why}"


def _assented(told: Mapping[str, Any]) -> str:
    return _given(told["document"])


def _vouched(told: Mapping[str, Any]) -> str:
    return attested.said(str(told["platform"]))


def _receipted(told: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {told[name]}" for name in _RECEIPTED if told.get(name))


# kind of event, field → what its document says
_SAID: Final[Mapping[tuple[str, str], Callable[[Mapping[str, Any]], str]]] = {
    ("assent.given", "document"): _given,
    ("computation.started", "assent"): _assented,
    ("answer.received", "attested"): _vouched,
    ("answer.received", "receipt"): _receipted,
}
