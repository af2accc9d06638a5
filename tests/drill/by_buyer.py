"""What a buyer may try: it holds its own log, its log key and its signature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.drill.cheat import Cheat

if TYPE_CHECKING:
    from tests.drill.scene import Scene

MOVED = "negotiation.moved"
OPENED, DECIDED, SIGNED = "opening.started", "decision.made", "agreement.signed"
EXPORTED = "keys.exported"


def _lose(scene: Scene) -> None:
    scene.logs["buyer"] = scene.logs["buyer"][:-5]
    scene.rewrite("buyer")


def _deny_receipt(scene: Scene) -> None:
    _, received = scene.windows("kept")[2]
    scene.drop("buyer", received)
    scene.rewrite("buyer")


def _understate(scene: Scene) -> None:
    _, received = scene.windows("kept")[2]
    scene.write("buyer", received.index, amount="1")
    scene.from_the_start()


def _deny_agreement(scene: Scene) -> None:
    scene.drop("buyer", *scene.spots("buyer", SIGNED, scene.deals("kept")))
    scene.from_the_start()


def _other_price(scene: Scene) -> None:
    """Terms of a lower price under the signatures that were given for others."""
    [spot] = scene.spots("buyer", SIGNED, scene.deals("kept"))
    terms = spot.leaf.fields["terms"]
    scene.write("buyer", spot.index, terms={**terms, "tariff": {**terms["tariff"], "minor": "1"}})
    scene.from_the_start()


def _open_undecided(scene: Scene) -> None:
    """Open a replica whose keys it keeps, without asking its own policy engine."""
    scene.drop("buyer", *scene.spots("buyer", DECIDED, scene.deals("kept")))
    scene.from_the_start()


def _hand_keys_out(scene: Scene) -> None:
    """Hand the keys of a kept replica to a program that counts nothing, without asking its own policy engine."""
    deal = scene.deals("kept")
    [signed] = scene.spots("buyer", SIGNED, deal)
    said = {"opening": "1", "purpose": "other", "rows": [["0", "1"]]}
    scene.add("buyer", EXPORTED, deal, (signed.leaf.fields["terms"]["editionId"], deal), **said)
    scene.from_the_start()


def _invent_opening(scene: Scene) -> None:
    """Log an opening that the key holder never gave, to have it pass for a licensed one."""
    started = scene.spots("buyer", OPENED, scene.deals("leased"))[-1]
    reader = "0c" * 32
    scene.logs["buyer"].append(
        scene.loot["buyer"].written(started.leaf.entry, {**started.leaf.fields, "readerKey": reader})
    )
    scene.from_the_start()


def _split_view(scene: Scene) -> None:
    """Show the auditor another log, of the very size that the others have seen."""
    _, received = scene.windows("kept")[2]
    scene.write("buyer", received.index, amount="1")
    scene.rewrite("buyer")


def _call_off(scene: Scene) -> None:
    """Say that the negotiation was terminated by the very message that finalised it."""
    moved = next(one for one in scene.spots("buyer", MOVED) if one.leaf.fields["to"] == "FINALIZED")
    scene.write("buyer", moved.index, to="TERMINATED")
    scene.from_the_start()


CHEATS = (
    Cheat("calls a finalised negotiation off", "buyer", "P6", _call_off, "outcome-differs", "buyer"),
    Cheat("loses its latest entries", "buyer", "P1", _lose, "log-shrank-below-anchor", "buyer"),
    Cheat("denies a receipt of keys", "buyer", "P2", _deny_receipt, "release-without-voucher", "provider"),
    Cheat("understates what it paid", "buyer", "P5", _understate, "counterparty-differs", "provider"),
    Cheat("denies the agreement", "buyer", "P4", _deny_agreement, "agreement-missing", "buyer"),
    Cheat("puts a lower price over signatures", "buyer", "P4", _other_price, "agreement-invalid", "buyer"),
    Cheat("shows the auditor another log", "buyer", "P5", _split_view, "peer-saw-other-log", "buyer"),
    Cheat("opens a kept replica undecided", "buyer", "P7", _open_undecided, "opening-undecided", "buyer"),
    Cheat("hands keys out undecided", "buyer", "P7", _hand_keys_out, "opening-undecided", "buyer"),
    Cheat("logs an opening nobody gave", "buyer", "P7", _invent_opening, "opening-without-release", "buyer"),
)
