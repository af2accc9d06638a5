"""What colluders may try: they change their records together, and cosign and anchor each other's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contracts.canonical import canonical
from ledger.audit.archive import ATTESTATION
from ledger.log.checkpoint import origin_id
from tests.drill.cheat import Cheat

if TYPE_CHECKING:
    from tests.drill.scene import Scene

OPENED = "opening.started"


def _drop_window(scene: Scene) -> None:
    """Provider and buyer leave out the same window afterwards, to settle it between themselves."""
    released, received = scene.windows("kept")[2]
    scene.drop("provider", released)
    scene.drop("buyer", received)
    scene.rewrite("provider", "buyer")


def _fourth_opening(scene: Scene) -> None:
    """The third opening is logged once more by both, under another reader key, as if it had been at the time."""
    released, received = scene.windows("leased")[-1]
    reader, seq = "0d" * 32, str(int(released.leaf.entry.link[1]) + 1)
    rows = [{**released.leaf.fields["rows"][0], "readerKey": reader}]
    link = (released.leaf.entry.link[0], seq)
    total = str(int(released.leaf.fields["cumulative"]) + int(released.leaf.fields["amount"]))
    for role, spot in (("provider", released), ("buyer", received)):
        made = scene.spots(role, OPENED, scene.deals("leased"))[-1]
        scene.logs[role] += [spot.leaf, made.leaf]
        last = len(scene.logs[role]) - 1
        scene.move(role, last - 1, link=link, time=scene.logs[role][-3].entry.time)
        scene.move(role, last, time=scene.logs[role][-3].entry.time)
        scene.write(role, last, readerKey=reader)
    scene.window("leased", -1, rows=rows, cumulative=total)
    scene.from_the_start()


def _cut_the_fee(scene: Scene) -> None:
    """Provider and buyer fund a channel whose split leaves the exchange out."""
    channel = bytes.fromhex(scene.channel("leased"))
    [opened] = scene.events("Opened", channelId=channel)
    scene.change(opened, splitHash=b"\x0e" * 32)


def _settle_low(scene: Scene) -> None:
    """Both sign a final of one unit and pay the rest beside the chain, past the exchange's share."""
    channel = bytes.fromhex(scene.channel("leased"))
    for name, field in (("Claimed", "cumulativeAmount"), ("Closed", "claimed")):
        for event in scene.events(name, channelId=channel):
            scene.change(event, **{field: 1})
    for role in ("provider", "buyer"):
        for kind in ("channel.claimed", "channel.closed"):
            for spot in scene.spots(role, kind, channel.hex()):
                scene.write(role, spot.index, cumulative="1")
    scene.from_the_start()


def _cosign(scene: Scene) -> None:
    """The exchange cosigns what the provider rewrote."""
    released, _ = scene.windows("kept")[2]
    scene.drop("provider", released)
    scene.rewrite("provider", cosigned_by=("exchange",))


def _cosign_and_anchor(scene: Scene) -> None:
    """The exchange, whose chain it is, also changes the anchor and serves no attestation."""
    released, _ = scene.windows("kept")[2]
    scene.drop("provider", released)
    _replace_history(scene, "provider")


def _replace_history(scene: Scene, *roles: str) -> None:
    scene.rewrite(*roles, cosigned_by=("exchange",))
    for role in roles:
        scene.erase(*scene.events("Anchored", origin=origin_id(scene.member(role).origin)))
        log, _ = scene.loot[role].rebuilt(scene.logs[role])
        scene.anchor(role, log.size, log.root())
    scene.kept[ATTESTATION] = canonical(None)


def _all_but_the_regulator(scene: Scene) -> None:
    """Provider, buyer and exchange rewrite all three logs, the chain and their lists of what they saw."""
    released, received = scene.windows("kept")[-1]
    scene.drop("provider", released)
    scene.drop("buyer", received)
    for role in ("provider", "buyer", "exchange"):
        scene.peers[role] = []
    _replace_history(scene, "provider", "buyer", "exchange")


def _other_rows(scene: Scene) -> None:
    """Both log other rows of a window than its voucher stands for."""
    released, _ = scene.windows("kept")[2]
    row = released.leaf.fields["rows"][0]
    scene.window("kept", 2, rows=[{**row, "readerKey": "0e" * 32}])
    scene.from_the_start()


CHEATS = (
    Cheat("log other rows than they paid", "provider + buyer", "P5", _other_rows, "account-hash-differs", "provider"),
    Cheat("both leave out a window", "provider + buyer", "P1", _drop_window, "log-shrank-below-anchor", "provider"),
    Cheat("cut the exchange's fee", "provider + buyer", "P2", _cut_the_fee, "split-differs", "provider"),
    Cheat("settle low, pay aside", "provider + buyer", "P2", _settle_low, "settlement-differs", "provider"),
    Cheat("open once more than agreed", "provider + buyer", "P7", _fourth_opening, "openings-over-limit", "provider"),
    Cheat("witness a rewritten log", "provider + exchange", "P5", _cosign, "head-not-witnessed", "provider"),
    Cheat("rewrite log and anchor", "provider + exchange", "P5", _cosign_and_anchor, "peer-saw-other-log", "provider"),
    Cheat(
        "rewrite all three logs", "all but the regulator", "P5", _all_but_the_regulator, "head-not-witnessed", "buyer"
    ),
)
