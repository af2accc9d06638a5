"""What the operator of an embedded chain may try: it holds the database and answers every question about the chain."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from contracts.canonical import canonical, load
from ledger.audit.archive import Kept
from ledger.log.checkpoint import origin_id
from tests.drill.cheat import Cheat

if TYPE_CHECKING:
    from tests.drill.scene import Scene


def _channel(scene: Scene, tier: str) -> bytes:
    return bytes.fromhex(scene.channel(tier))


def _erase_anchors(scene: Scene) -> None:
    origin = origin_id(scene.member("provider").origin)
    scene.from_the_start()
    scene.erase(*scene.events("Anchored", origin=origin))


def _rewrite_block(scene: Scene) -> None:
    """Have another block where the participants cite one: a history that went another way."""
    cited = next(leaf.entry.block for leaf in scene.logs["provider"] if leaf.entry.block)
    name = f"block/{cited.number}"
    scene.kept[name] = canonical({**load(scene.kept[name]), "hash": "ee" * 32})


def _invent_licence(scene: Scene) -> None:
    granted = scene.events("LicenceGranted")[0]
    scene.chain.append(
        Kept("LicenceGranted", {**granted.fields, "agreementDigest": b"\xab" * 32}, granted.block, bytes(32))
    )


def _hide_licence(scene: Scene) -> None:
    scene.erase(*scene.events("LicenceGranted", agreementDigest=bytes.fromhex(scene.deals("leased"))))


def _raise_cap(scene: Scene) -> None:
    granted = scene.events("LicenceGranted")[0]
    scene.change(granted, priceCap=granted.fields["priceCap"] * 10)


def _other_holder(scene: Scene) -> None:
    granted = scene.events("LicenceGranted")[0]
    scene.change(granted, buyer=scene.member("exchange").address)


def _pay_less(scene: Scene) -> None:
    """Say that less was claimed than the provider's log shows."""
    for name, field in (("Claimed", "cumulativeAmount"), ("Closed", "claimed")):
        for event in scene.events(name, channelId=_channel(scene, "leased")):
            scene.change(event, **{field: event.fields[field] - 250})


def _take_fee(scene: Scene) -> None:
    """Credit the exchange with a unit of the provider's share."""
    channel, exchange = _channel(scene, "leased"), scene.member("exchange").address
    for event in scene.events("Credited", channelId=channel):
        more = 1 if event.fields["account"] == exchange else -1
        scene.change(event, amount=event.fields["amount"] + more)


def _hide_channel(scene: Scene) -> None:
    scene.chain = [one for one in scene.chain if one.fields.get("channelId") != _channel(scene, "leased")]


def _hide_edition(scene: Scene) -> None:
    scene.erase(*scene.events("EditionRegistered")[:1])


def _take_over_log(scene: Scene) -> None:
    """Register the provider's log anew, as the exchange's own."""
    first = scene.events("LogRegistered", owner=scene.member("provider").address)[0]
    scene.change(first, owner=scene.member("exchange").address)


def _pay_stranger(scene: Scene) -> None:
    """Credit an account that no split names."""
    [credited, *_] = scene.events("Credited", channelId=_channel(scene, "leased"))
    scene.chain.append(replace(credited, fields={**credited.fields, "account": b"\x0f" * 20}))


def _move_pledged(scene: Scene) -> None:
    """Move a certificate on which somebody lent money."""
    registered, holder = scene.events("EditionRegistered")[0], scene.member("provider").address
    edition, bank = registered.fields["editionId"], b"\x0f" * 20
    scene.end("EditionPledged", editionId=edition, holder=holder, creditor=bank, terms=bytes(32))
    scene.end("Transfer", sender=holder, receiver=scene.member("exchange").address, token_id=int.from_bytes(edition))


def _hang_below(scene: Scene) -> None:
    """Say that a licence of its own stands below another, to end it with that one."""
    digest, parent = (bytes.fromhex(scene.deals(tier)) for tier in ("leased", "kept"))
    buyer = scene.member("buyer").address
    scene.end("SubLicenceGranted", agreementDigest=digest, parent=parent, holder=buyer, child=buyer)


def _prove_another_key(scene: Scene) -> None:
    """Have a witness's account prove the operator's own BLS key, to sign aggregates in its name."""
    key = {"xHigh": bytes(32), "xLow": b"\x01" * 32, "yHigh": bytes(32), "yLow": b"\x02" * 32}
    scene.end("KeyProven", witness=scene.member("regulator").address, key=key)


CHEATS = (
    Cheat(
        "proves its own key as a witness's",
        "chain operator",
        "P4",
        _prove_another_key,
        "witness-key-differs",
        "regulator",
    ),
    Cheat("moves a pledged certificate", "chain operator", "P4", _move_pledged, "pledge-broken", "provider"),
    Cheat("hangs a licence under another", "chain operator", "P7", _hang_below, "sublicence-misplaced", "provider"),
    Cheat("credits a stranger", "chain operator", "P2", _pay_stranger, "split-differs", "provider"),
    Cheat("erases a log's anchors", "chain operator", "P1", _erase_anchors, "log-not-anchored", "provider"),
    Cheat("rewrites a cited block", "chain operator", "P1", _rewrite_block, "block-contradicted", "provider"),
    Cheat("pays a channel less than claimed", "chain operator", "P2", _pay_less, "settlement-differs", "provider"),
    Cheat("takes from a share", "chain operator", "P2", _take_fee, "split-differs", "provider"),
    Cheat("raises the cap of a licence", "chain operator", "P3", _raise_cap, "licence-differs", "provider"),
    Cheat("invents a licence", "chain operator", "P4", _invent_licence, "licence-without-agreement", "chain"),
    Cheat("gives a licence to another", "chain operator", "P4", _other_holder, "licence-differs", "provider"),
    Cheat("takes over a log", "chain operator", "P4", _take_over_log, "anchor-owner-differs", "provider"),
    Cheat("hides a channel", "chain operator", "P5", _hide_channel, "channel-unknown", "provider"),
    Cheat("hides an edition", "chain operator", "P5", _hide_edition, "edition-unregistered", "provider"),
    Cheat("hides a licence", "chain operator", "P7", _hide_licence, "licence-missing", "provider"),
)
