"""What a provider may try: it holds its own log, its log key, and the keys that it sells."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import orjson

from contracts import blind
from ledger.audit.archive import Kept
from ledger.chain.standing import did_digest
from ledger.dispute import fork_proof
from ledger.log import checkpoint as checkpoints
from ledger.log import merkle
from ledger.log.checkpoint import Checkpoint
from ledger.log.disclosure import BOX_LIMIT_BYTES
from tests.drill.cheat import Cheat

if TYPE_CHECKING:
    from tests.drill.scene import Scene

MOVED = "negotiation.moved"
OPENED, DECIDED, CLOSED = "opening.started", "decision.made", "channel.closed"
YEARS = timedelta(days=730)
BACK_UP = 10  # entries that an old back-up lacks


def _drop_release(scene: Scene) -> None:
    released, _ = scene.windows("kept")[2]
    scene.drop("provider", released)
    scene.rewrite("provider")


def _halve_amount(scene: Scene) -> None:
    released, _ = scene.windows("kept")[2]
    scene.write("provider", released.index, amount=str(int(released.leaf.fields["amount"]) // 2))
    scene.rewrite("provider")


def _restore_back_up(scene: Scene) -> None:
    scene.logs["provider"] = scene.logs["provider"][:-BACK_UP]
    scene.rewrite("provider")


def _refill(scene: Scene) -> None:
    """As many entries as before, so that the size of the anchored head is reached."""
    released, _ = scene.windows("kept")[2]
    scene.drop("provider", released)
    scene.logs["provider"].append(scene.logs["provider"][-1])
    scene.rewrite("provider")


def _undecided(scene: Scene) -> None:
    released, _ = scene.windows("kept")[2]
    request = released.leaf.entry.link[0]
    made = scene.spots("provider", DECIDED, scene.deals("kept"))
    scene.drop("provider", *(one for one in made if one.leaf.entry.link[0] == request))
    scene.from_the_start()


def _denied(scene: Scene) -> None:
    released, _ = scene.windows("kept")[2]
    request = released.leaf.entry.link[0]
    for one in scene.spots("provider", DECIDED, scene.deals("kept")):
        if one.leaf.entry.link[0] == request:
            scene.write("provider", one.index, outcome="deny")
    scene.from_the_start()


def _charge_twice(scene: Scene) -> None:
    first, _ = scene.windows("kept")[2]
    second, _ = scene.windows("kept")[3]
    rows = [{**row, "ranges": first.leaf.fields["rows"][0]["ranges"]} for row in second.leaf.fields["rows"]]
    scene.window("kept", 3, rows=rows)
    scene.from_the_start()


def _overcharge(scene: Scene) -> None:
    """The last window of the channel and what was claimed on chain bear one unit more, in both logs alike."""
    released, _ = scene.windows("kept")[-1]
    dearer, total = int(released.leaf.fields["amount"]) + 1, int(released.leaf.fields["cumulative"]) + 1
    rows = [{**released.leaf.fields["rows"][0], "amount": str(dearer)}]
    scene.window("kept", -1, rows=rows, amount=str(dearer), cumulative=str(total))
    scene.from_the_start()


def _hide(scene: Scene) -> None:
    released, _ = scene.windows("kept")[2]
    scene.logs["provider"][released.index] = replace(released.leaf, boxes={})
    scene.rewrite("provider")


def _lie(scene: Scene) -> None:
    """The entry stays, with its head and its witnesses; only what is disclosed of it is another entry's."""
    first, _ = scene.windows("kept")[2]
    other, _ = scene.windows("kept")[3]
    scene.logs["provider"][first.index] = replace(first.leaf, boxes=other.leaf.boxes)
    scene.rewrite("provider", cosigned_by=("exchange", "regulator"))


def _take_without_release(scene: Scene) -> None:
    """Claim the voucher of the last window on chain and give no keys; neither log has the release."""
    released, received = scene.windows("kept")[-1]
    scene.drop("provider", released)
    scene.drop("buyer", received)
    scene.from_the_start()


def _back_date(scene: Scene) -> None:
    released, _ = scene.windows("kept")[2]
    scene.move("provider", released.index, time=released.leaf.entry.time - timedelta(days=1))
    scene.rebind("kept")
    scene.from_the_start()


def _name_another(scene: Scene) -> None:
    released, _ = scene.windows("kept")[2]
    scene.move("provider", released.index, party=scene.member("buyer").did)
    scene.rebind("kept")
    scene.from_the_start()


def _late_opening(scene: Scene) -> None:
    """An opening more than agreed, with decision and release, added to the end of the log after the fact."""
    started = scene.spots("provider", OPENED)[-1].leaf
    released, _ = scene.windows("leased")[-1]
    decided = next(one for one in reversed(scene.spots("provider", DECIDED)) if one.leaf.fields["outcome"] == "allow")
    account, reader = "0a" * 32, "0b" * 32
    rows = [{**row, "readerKey": reader} for row in released.leaf.fields["rows"]]
    loot, when = scene.loot["provider"], scene.logs["provider"][-1].entry.time
    link = account, str(int(released.leaf.entry.link[1]) + 1)
    scene.logs["provider"] += [
        loot.written(decided.leaf.entry._replace(time=when, link=(account,)), decided.leaf.fields),
        loot.written(released.leaf.entry._replace(time=when, link=link), {**released.leaf.fields, "rows": rows}),
        loot.written(started.entry._replace(time=when), {**started.fields, "readerKey": reader}),
    ]
    scene.rewrite("provider")


def _unlogged_opening(scene: Scene) -> None:
    for role in ("provider", "buyer"):
        scene.drop(role, scene.spots(role, OPENED, scene.deals("leased"))[-1])
    scene.from_the_start()


def _small_settlement(scene: Scene) -> None:
    closed = scene.spots("provider", CLOSED)[-1]
    scene.write("provider", closed.index, cumulative="1")
    scene.from_the_start()


def _own_witnesses(scene: Scene) -> None:
    member = scene.member("provider")
    first = scene.events("LogRegistered", owner=member.address)[0]
    scene.chain.append(replace(first, fields={**first.fields, "witnesses": [member.address], "quorum": 1}))


def _endless(scene: Scene) -> None:
    """A head of more entries than anybody reads: the audit must stop at its limit, not at the end of its memory."""
    note = checkpoints.sign(
        Checkpoint(scene.loot["provider"].origin, 10**15, bytes(32)), scene.loot["provider"].keys.log
    )
    scene.kept[f"page/{scene.member('provider').url}/log/checkpoint"] = note.encode().encode()


def _bloat(scene: Scene) -> None:
    """Disclosures of gigabytes would fill an auditor's memory; a box is bounded as an entry is."""
    released, _ = scene.windows("kept")[2]
    boxes = dict.fromkeys(released.leaf.boxes, "A" * (2 * BOX_LIMIT_BYTES))
    scene.logs["provider"][released.index] = replace(released.leaf, boxes=boxes)
    scene.rewrite("provider", cosigned_by=("exchange", "regulator"))


def _over_cap(scene: Scene) -> None:
    """Charge ten times the price in the last window of a channel, in both logs alike."""
    released, _ = scene.windows("kept")[-1]
    dearer = int(released.leaf.fields["amount"]) * 10**6
    rows = [{**released.leaf.fields["rows"][0], "amount": str(dearer)}]
    total = int(released.leaf.fields["cumulative"]) + dearer
    scene.window("kept", -1, rows=rows, amount=str(dearer), cumulative=str(total))
    scene.from_the_start()


def _invent_answer(scene: Scene) -> None:
    """Log an acceptance that the buyer never sent."""
    buyer = scene.member("buyer").did
    moved = next(one for one in scene.spots("provider", MOVED) if one.leaf.fields["by"] == buyer)
    scene.write("provider", moved.index, digest="0f" * 32)
    scene.from_the_start()


def _refuse_and_take(scene: Scene) -> None:
    """Log the refusal of a window whose voucher is claimed on chain all the same."""
    released, received = scene.windows("kept")[-1]
    fields = {"reason": "no such order", "amount": released.leaf.fields["amount"]}
    refusal = released.leaf.entry._replace(kind="keys.refused")
    scene.logs["provider"][released.index] = scene.loot["provider"].written(refusal, fields)
    scene.drop("buyer", received)
    scene.from_the_start()


def _after_revocation(scene: Scene) -> None:
    """Go on releasing under a licence that the chain says is revoked; the entries cite blocks of after it."""
    agreement = bytes.fromhex(scene.deals("kept"))
    released, _ = scene.windows("kept")[2]
    revoked = {"agreementDigest": agreement, "provider": scene.member("provider").address, "cause": bytes(32)}
    block = released.leaf.entry.block
    assert block is not None
    scene.chain.append(Kept("LicenceRevoked", revoked, block.number, bytes(32)))


def _while_suspended(scene: Scene) -> None:
    """Release under a licence that was suspended blocks ago."""
    fields = {"agreementDigest": bytes.fromhex(scene.deals("leased")), "cause": bytes(32)}
    scene.chain.append(Kept("LicenceSuspended", fields, 1, bytes(32)))


def _after_expiry(scene: Scene) -> None:
    """Both logs as they would be had the trade gone on two years later: nothing but the term speaks against it."""
    _delay(scene, YEARS, "provider", "buyer")
    scene.from_the_start()


def _write_late(scene: Scene) -> None:
    """Write a release down an hour after its receipt: everything from there on bears the later time."""
    _delay(scene, timedelta(hours=1), "provider")
    scene.from_the_start()


def _delay(scene: Scene, by: timedelta, *roles: str) -> None:
    """Move the time of a window, and of all that follows it; receipts move only if the payer's time does."""
    for role, spot in zip(("provider", "buyer"), scene.windows("kept")[2], strict=True):
        for at in range(spot.index, len(scene.logs[role])) if role in roles else ():
            leaf = scene.move(role, at, time=scene.logs[role][at].entry.time + by)
            if "releasedAt" in leaf.fields and "buyer" in roles:
                scene.write(role, at, releasedAt=str(int(leaf.fields["releasedAt"]) + int(by.total_seconds())))
    scene.rebind("kept")
    scene.rebind("leased")


def _change_decision(scene: Scene) -> None:
    """Log an allowing decision where the engine denied: its digest is renewed, the engine cannot be bribed."""
    made = scene.spots("provider", DECIDED, scene.deals("leased"))
    denied = next(one for one in made if one.leaf.fields["outcome"] == "deny")
    scene.write("provider", denied.index, outcome="allow", decisionDigest="0d" * 32)
    scene.from_the_start()


def _misinform(scene: Scene) -> None:
    """Have the engine asked for another region than the buyer's."""
    made = scene.spots("provider", DECIDED, scene.deals("leased"))
    spot = next(one for one in made if one.leaf.fields["asked"]["scope"] == "order")
    asked = spot.leaf.fields["asked"]
    context = {**asked["request"]["context"], "spatial": "GB"}
    scene.write("provider", spot.index, asked={**asked, "request": {**asked["request"], "context": context}})
    scene.from_the_start()


def _narrow(scene: Scene) -> None:
    """Say that a release was asked of the part of the policy that speaks of regions only."""
    made = scene.spots("provider", DECIDED, scene.deals("leased"))
    spot = next(one for one in made if one.leaf.fields["place"] == "release")
    scene.write("provider", spot.index, asked={**spot.leaf.fields["asked"], "scope": "carrier"})
    scene.from_the_start()


def _uncovered(scene: Scene) -> None:
    """Release more than the deposit covers: the voucher that pays for it cannot be claimed whole."""
    [opened] = scene.events("Opened", channelId=bytes.fromhex(scene.channel("kept")))
    scene.erase(*scene.events("ToppedUp", channelId=opened.fields["channelId"]))
    scene.change(opened, deposit=1)


def _sell_anothers(scene: Scene) -> None:
    """Pass the rights in every edition on, and go on selling."""
    holder, bank = scene.member("provider").address, b"\x0f" * 20
    for registered in scene.events("EditionRegistered"):
        token = int.from_bytes(registered.fields["editionId"])
        scene.happen("LicenceGranted", "Transfer", sender=holder, receiver=bank, token_id=token)


def _sell_withdrawn(scene: Scene) -> None:
    holder = scene.member("provider").address
    for registered in scene.events("EditionRegistered"):
        edition = registered.fields["editionId"]
        scene.happen("LicenceGranted", "EditionWithdrawn", editionId=edition, holder=holder)


def _serve_suspended(scene: Scene) -> None:
    """Give keys to a buyer that the space had suspended before anything was sold."""
    exchange, buyer = scene.member("exchange"), scene.member("buyer").address
    held = {"space": did_digest(exchange.did), "member": buyer, "by": exchange.address, "cause": bytes(32), "at": 1}
    scene.happen("EditionRegistered", "MemberSuspended", **held)


def _show_two_histories(scene: Scene) -> None:
    """Sign a smaller head of another history for the buyer alone, who keeps it and proves that it is of another."""
    log, note = scene.loot["provider"].rebuilt(scene.logs["provider"])
    member, size = scene.member("provider"), log.size - BACK_UP
    lie = checkpoints.sign(Checkpoint(member.origin, size, b"\x0e" * 32), scene.loot["provider"].keys.log)
    shown = fork_proof.document(lie.encode(), note.encode(), merkle.prefix_proof(log.span, size, log.size))
    name = f"page/{scene.member('buyer').url}/log/peers"
    scene.kept[name] = orjson.dumps([*orjson.loads(scene.kept[name]), {fork_proof.NAME: shown}])


def _blind_with_another_salt(scene: Scene) -> None:
    """Register an edition under a blind id and log a salt that opens another."""
    spot = scene.spots("provider", "edition.registered")[0]
    edition = bytes.fromhex(spot.leaf.entry.part)
    [known] = scene.events("EditionRegistered", editionId=edition)
    scene.change(known, editionId=blind.registered_id(edition, b"\x01" * blind.SALT_BYTES))
    scene.write("provider", spot.index, blindSalt=(b"\x02" * blind.SALT_BYTES).hex())
    scene.from_the_start()


CHEATS = (
    Cheat("shows a buyer another history", "provider", "P5", _show_two_histories, "log-forked-proven", "provider"),
    Cheat("gives keys to a suspended member", "provider", "P4", _serve_suspended, "released-to-suspended", "provider"),
    Cheat("blinds with another salt", "provider", "P5", _blind_with_another_salt, "registration-unfounded", "provider"),
    Cheat("sells what it has passed on", "provider", "P4", _sell_anothers, "licence-without-rights", "provider"),
    Cheat("sells what it has withdrawn", "provider", "P7", _sell_withdrawn, "licence-of-withdrawn", "provider"),
    Cheat("releases after a revocation", "provider", "P7", _after_revocation, "used-after-end", "provider"),
    Cheat("releases while suspended", "provider", "P7", _while_suspended, "used-while-suspended", "provider"),
    Cheat("releases after the term", "provider", "P7", _after_expiry, "used-after-expiry", "provider"),
    Cheat("logs a release an hour late", "provider", "P5", _write_late, "entry-late", "provider"),
    Cheat("turns a denial into leave", "provider", "P7", _change_decision, "decision-not-reproduced", "provider"),
    Cheat("decides for another region", "provider", "P7", _misinform, "decision-misinformed", "provider"),
    Cheat("asks half of the policy", "provider", "P7", _narrow, "decision-too-narrow", "provider"),
    Cheat("releases beyond the deposit", "provider", "P2", _uncovered, "released-over-deposit", "provider"),
    Cheat("logs an answer nobody gave", "provider", "P6", _invent_answer, "message-unsent", "provider"),
    Cheat("refuses a window and takes its money", "provider", "P6", _refuse_and_take, "claim-unknown", "provider"),
    Cheat("leaves a release out of its log", "provider", "P1", _drop_release, "receipt-without-release", "provider"),
    Cheat("goes back to an old back-up", "provider", "P1", _restore_back_up, "log-shrank-below-anchor", "provider"),
    Cheat("replaces an entry, size kept", "provider", "P1", _refill, "log-forked-from-anchor", "provider"),
    Cheat("halves an amount afterwards", "provider", "P5", _halve_amount, "counterparty-differs", "provider"),
    Cheat("charges rows again", "provider", "P2", _charge_twice, "rows-paid-twice", "provider"),
    Cheat("charges more than the tariff", "provider", "P2", _overcharge, "amount-differs-from-tariff", "provider"),
    Cheat("takes money and gives no keys", "provider", "P2", _take_without_release, "claim-unknown", "provider"),
    Cheat("charges over the cap", "provider", "P3", _over_cap, "over-price-cap", "provider"),
    Cheat("publishes an endless log", "provider", "P3", _endless, "log-unreadable", "provider"),
    Cheat("bloats its disclosures", "provider", "P3", _bloat, "disclosure-false", "provider"),
    Cheat("signs an entry in another's name", "provider", "P4", _name_another, "entry-of-another-party", "provider"),
    Cheat("names itself its only witness", "provider", "P4", _own_witnesses, "anchor-witnesses-differ", "provider"),
    Cheat("discloses nothing of a release", "provider", "P5", _hide, "disclosure-missing", "provider"),
    Cheat("discloses another entry's values", "provider", "P5", _lie, "disclosure-false", "provider"),
    Cheat("dates an entry back", "provider", "P5", _back_date, "time-went-back", "provider"),
    Cheat("logs a smaller settlement", "provider", "P5", _small_settlement, "settlement-log-differs", "provider"),
    Cheat("releases without a decision", "provider", "P7", _undecided, "release-not-permitted", "provider"),
    Cheat("releases what it denied", "provider", "P7", _denied, "release-not-permitted", "provider"),
    Cheat("adds an opening over the count", "provider", "P7", _late_opening, "openings-over-limit", "provider"),
    Cheat("gives an opening nobody logs", "provider", "P7", _unlogged_opening, "opening-unlogged", "provider"),
)
