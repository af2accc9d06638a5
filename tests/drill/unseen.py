"""What by nature no auditor can see, each with its reason; those that change records are done: the audit is clean.

They are the price of P5's last words: nobody can see what two parties keep off every record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.drill.cheat import Cheat

if TYPE_CHECKING:
    from tests.drill.scene import Scene

OPENED, DECIDED, RECORDED = "opening.started", "decision.made", "trade.recorded"


def _off_record(scene: Scene) -> None:
    """The whole leased trade happens on no record: in no log, on no chain, and nobody shows it to the exchange."""
    agreement, channel = scene.deals("leased"), scene.channel("leased")
    scene.drop("exchange", *scene.spots("exchange", RECORDED, agreement))
    for role in ("provider", "buyer"):
        scene.logs[role] = [leaf for leaf in scene.logs[role] if leaf.entry.part not in {agreement, channel}]
    gone = {bytes.fromhex(agreement), bytes.fromhex(channel)}
    named = ("agreementDigest", "channelId")
    scene.chain = [one for one in scene.chain if not gone & {one.fields.get(name) for name in named}]
    scene.from_the_start()


def _modified_reader(scene: Scene) -> None:
    """The buyer opens a replica whose keys it keeps with a reader that logs nothing."""
    agreement = scene.deals("kept")
    scene.drop("buyer", *scene.spots("buyer", OPENED, agreement), *scene.spots("buyer", DECIDED, agreement))
    scene.from_the_start()


def _everybody(scene: Scene) -> None:
    """All four, the regulator too, rewrite every record of a trade: nobody is left who holds another."""
    _off_record(scene)


CHEATS = (
    Cheat(
        "trade on no record",
        "provider + buyer",
        "P5",
        _off_record,
        unseen="no log, no chain and no witness ever heard of it",
    ),
    Cheat(
        "reads on with a modified reader",
        "buyer",
        "P7",
        _modified_reader,
        unseen="keys once kept are used without asking; the label says the holder counts",
    ),
    Cheat(
        "passes opened data on",
        "buyer",
        "P7",
        None,
        unseen="plain bytes bear no proof; marked variants name a leaker who is found, not the leak",
    ),
    Cheat(
        "states a purpose it does not follow",
        "buyer",
        "P7",
        None,
        unseen="a purpose is the buyer's word; the record binds him to it",
    ),
    Cheat(
        "keeps a copy of what it says it deleted",
        "buyer",
        "P7",
        None,
        unseen="grade B rests on the holder's word; grade A covers keys that nobody else had",
    ),
    Cheat(
        "logs fewer plain copies than it served",
        "provider",
        "P5",
        None,
        unseen="a foreign connector signs nothing: metered by provider",
    ),
    Cheat(
        "sells bytes that are not as described",
        "provider",
        "P2",
        None,
        unseen="digests prove which bytes, not what they mean; review and arbitrator judge",
    ),
    Cheat(
        "rewrite every record, the regulator's too",
        "all four",
        "P5",
        _everybody,
        unseen="nobody is left who holds another head; a witness outside the space is the cure",
    ),
)
