"""What trades and rulings come to, as the exchange counts it for its members: prices by class, reputation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import FORWARD, Act, Field

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

PRICES: Shape = {
    "prices": ["object"], "least": {"buyers": "digits", "trades": "digits"}, "suppressed": "digits", "log": "text",
}  # fmt: skip
REPUTATION: Shape = {
    "did": "text", "name": "text", "score": "text", "deals": "digits", "rulings": "digits", "upheld": "digits",
    "late": "digits", "unpaid": "digits", "block": "digits", "formula": "text", "sources": {"*": "text"},
}  # fmt: skip


def _reputation(found: Any) -> list[str]:
    counts = [f"{name}: {found[name]}  ({source})" for name, source in found["sources"].items()]
    return [f"{found['name']} ({found['did']}): {found['score']} of 100", *counts, f"score = {found['formula']}"]


ACTS = (
    Act(
        "price list",
        "GET prices",
        help="Show median and quartiles of what was paid, by class; classes with too few trades are not shown.",
        says=("Show what was paid, by class.", "按类别显示成交价格。"),
        answer=PRICES,
        example={},
        handler=FORWARD,
        verb="prices",
    ),
    Act(
        "reputation show",
        "GET reputation/{did}",
        help="Show the reputation of DID with what it is counted from; nobody rates anybody.",
        says=("Show the reputation of {did}.", "显示 {did} 的信誉。"),
        answer=REPUTATION,
        example={"did": "did:web:provider.example"},
        fields=(Field("did", ("Participant (DID)", "参与方 DID"), "the participant's did:web", sent="id"),),
        handler=FORWARD,
        verb="reputation",
        lines=_reputation,
    ),
)
