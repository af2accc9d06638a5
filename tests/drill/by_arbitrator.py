"""What an arbitrator may try: channels name it, and the program divides their unclaimed rest at its word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.dispute.ruling import Division, Ruling
from ledger.dispute.verdict import Finding
from tests.drill.cheat import Cheat

if TYPE_CHECKING:
    from tests.drill.scene import Scene

BUNDLE = b"\xab" * 32


def _window(scene: Scene) -> tuple[str, str]:
    """Return the channel of the leased product and the account hash of its first window."""
    channel = scene.channel("leased")
    return channel, scene.spots("buyer", "keys.received", channel)[0].leaf.entry.link[0]


def _rule(scene: Scene, division: Division | None) -> None:
    channel, account = _window(scene)
    ids = BUNDLE, bytes.fromhex(channel), bytes.fromhex(account)
    ruling = Ruling(*ids, Finding.NOT_AS_DESCRIBED, "because", division)
    scene.add("regulator", "dispute.ruled", channel, (account,), bundle=BUNDLE.hex(), ruling=ruling.json())
    scene.from_the_start()


def _divide(scene: Scene) -> None:
    """Divide a channel in silence."""
    amounts = {"toPayees": 0, "toPayer": 0}
    scene.end("Divided", channelId=bytes.fromhex(scene.channel("leased")), **amounts, ruling=bytes(32))
    scene.from_the_start()


def _unasked(scene: Scene) -> None:
    """Rule on a bundle that nobody filed."""
    _rule(scene, None)


def _unexecuted(scene: Scene) -> None:
    """Write down a ruling for the buyer and have the chain do nothing."""
    channel, account = _window(scene)
    for role in ("buyer", "exchange"):
        scene.add(role, "dispute.filed", channel, (account,), bundle=BUNDLE.hex())
    _rule(scene, Division(0, 1000, 0))


CHEATS = (
    Cheat("divides a channel without a ruling", "arbitrator", "P2", _divide, "division-without-ruling", "regulator"),
    Cheat("rules on what nobody filed", "arbitrator", "P2", _unasked, "ruling-without-dispute", "regulator"),
    Cheat("rules and does not pay", "arbitrator", "P2", _unexecuted, "ruling-not-executed", "regulator"),
)
