"""A dispute from the wronged buyer to the money: filed, judged and executed by commands, in a real space."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from dataclasses import dataclass

import pytest
import pytest_asyncio

from connector.regulator.sources import sources
from contracts import signature
from contracts.canonical import sha
from contracts.typed_data import Voucher, digest
from ledger.audit import audit
from ledger.audit.severity import ERROR
from ledger.chain.client import Chain
from ledger.chain.programs import Programs
from ledger.dispute import equivocation, fork_proof
from ledger.log import checkpoint as checkpoints
from ledger.log.checkpoint import Checkpoint, origin_id
from tests.api.command import penstock
from tests.api.lying_serve import LIES

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRICE, PIECE = 64_000, 65_536  # minor units a MiB: a piece of 64 KiB costs 4,000
PRODUCT = "disputed"
HEARD_SECONDS = 10
PENSTOCK = (sys.executable, "-m", "connector.cli.main")


@dataclass
class Wronged:
    """A purchase that ended with a wrong key: its channel, and the bundle that the buyer keeps."""

    channel: str
    kept: str
    bundle: dict
    wrong: int  # what the window of the wrong key cost
    good: int  # what was paid before


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def wronged(space):
    return await buy_a_lie(space, PRODUCT)


async def buy_a_lie(space, product):
    """Windows grow, so the last row comes after windows of good keys."""
    await space.publish("second", product, (12 * PIECE,), price=PRICE)
    lies = space.people["second"].data / LIES
    lies.write_text("11")
    try:
        await space.get(product, limit=PRICE)
        view = await space.until(product, lambda view: view["state"] == "failed")
    finally:
        lies.unlink()
    reason = json.loads(view["reason"])
    [kept] = [row["id"] for row in space.rows("buyer", "bundles") if row["channel"] == view["channel"]]
    assert f"penstock dispute file {kept}" in reason["hint"]
    bundle = await space.doors["buyer"].call("GET", f"things/{kept}")
    windows = [row for row in space.rows("buyer", "windows") if row["channel"] == view["channel"]]
    wrong = sum(int(row["amount"]) for row in windows if row["state"] == "fault")
    return Wronged(view["channel"], kept, bundle, wrong, int(bundle["voucher"]["cumulativeAmount"]) - wrong)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def chain(space):
    made = Chain.connect(space.url("exchange") + "/rpc")
    yield Programs(made, space.deployment)
    await made.close()


def told(space, role, kind, channel):
    return [row for row in space.rows(role, "log_entries") if row["kind"] == kind and row["part"] == channel]


async def test_a_false_claim_is_dismissed_and_moves_nothing(space, wronged, chain, tmp_path):
    row = wronged.bundle["row"]
    path = tmp_path / "bundle.json"
    path.write_text(json.dumps({**wronged.bundle, "row": row[:-2] + ("01" if row.endswith("00") else "00")}))
    case = await penstock(space, "buyer", "dispute", "file", str(path))
    assert (case["state"], case["proposed"]["finding"]) == ("filed", "buyer-lies")
    ruled = await penstock(space, "regulator", "dispute", "rule", case["id"])
    assert (ruled["state"], ruled["ruling"]["atFault"], ruled["ruling"]["division"]) == ("ruled", "claimant", None)
    assert not (await chain.channel(bytes.fromhex(wronged.channel))).closed
    assert len(told(space, "regulator", "dispute.ruled", wronged.channel)) == 1


async def test_a_wronged_buyer_is_made_whole(space, wronged, chain):
    """What was paid for good keys stays paid; the window of the wrong key, and all that nobody owes, comes back."""
    channel = bytes.fromhex(wronged.channel)
    before = await chain.channel(channel)
    case = await penstock(space, "buyer", "dispute", "file", wronged.kept)
    assert case["id"] == sha(wronged.bundle).hex()
    assert case["proposed"]["finding"] == "wrong-key"
    again = await penstock(space, "buyer", "dispute", "file", wronged.kept)
    assert again["id"] == case["id"]
    [digest] = [row["agreement"] for row in space.rows("buyer", "channels") if row["id"] == wronged.channel]
    async with asyncio.timeout(HEARD_SECONDS):
        while len(told(space, "second", "notice.received", digest)) < 2:
            await asyncio.sleep(0.1)
    for role in ("buyer", "exchange"):  # the false one and this one, each once
        assert len(told(space, role, "dispute.filed", wronged.channel)) == 2, role
    listed = await penstock(space, "regulator", "dispute", "list")
    assert [one["state"] for one in listed["disputes"] if one["id"] == case["id"]] == ["filed"]
    shown = await penstock(space, "regulator", "dispute", "show", case["id"])
    assert (shown["bundle"], shown["proposed"]["atFault"]) == (wronged.bundle, "payee")

    ruled = await penstock(space, "regulator", "dispute", "rule", case["id"])
    division = ruled["ruling"]["division"]
    assert division == {"toPayees": str(wronged.good), "toPayer": str(before.deposit - wronged.good), "shortfall": "0"}
    after = await chain.channel(channel)
    assert (after.closed, after.claimed) == (True, wronged.good)
    [divided] = await chain.events("channels", "Divided", channelId=channel)
    assert divided.fields["ruling"] == sha(ruled["ruling"])
    assert divided.transaction.hex() == ruled["tx"]
    assert await penstock(space, "regulator", "dispute", "rule", case["id"]) == ruled, "ruling twice rules once"
    assert len(told(space, "regulator", "dispute.ruled", wronged.channel)) == 2

    owed, account = before.deposit - wronged.good, space.keys("buyer").address
    credit, balance = await chain.credit(account), await chain.balance(account)
    assert credit >= owed
    await penstock(space, "buyer", "settle")
    assert await chain.balance(account) == balance + credit
    assert len(told(space, "buyer", "channel.closed", wronged.channel)) == 1


async def test_a_held_channel_waits_for_the_ruling(space, chain):
    """The provider cannot take the money while the arbitrator thinks, and the ruling ends the hold."""
    wronged = await buy_a_lie(space, "held")
    channel = bytes.fromhex(wronged.channel)
    case = await penstock(space, "buyer", "dispute", "file", wronged.kept)
    await penstock(space, "second", "dispute", "hold", case["id"], code=3)
    held = await penstock(space, "regulator", "dispute", "hold", case["id"], "--days", "3")
    assert held["until"] == (await chain.channel(channel)).frozen_until.isoformat()
    settled = await penstock(space, "second", "settle")
    assert wronged.channel not in {row["channel"] for row in settled["channels"]}
    assert (await chain.channel(channel)).claimed == 0
    ruled = await penstock(space, "regulator", "dispute", "rule", case["id"])
    assert ruled["ruling"]["division"]["toPayees"] == str(wronged.good)
    assert (await chain.channel(channel)).closed
    await penstock(space, "regulator", "dispute", "hold", case["id"], "--days", "3")


async def test_who_is_no_party_files_reads_and_rules_nothing(space, wronged, say):
    case = sha(wronged.bundle).hex()
    await penstock(space, "other", "dispute", "show", case, code=4)
    assert (await penstock(space, "other", "dispute", "list"))["disputes"] == []
    await penstock(space, "provider", "dispute", "rule", case, code=4)
    url, bearer = space.url("exchange") + "/exchange/disputes", space.bearer("other", "exchange")
    assert (await say("POST", url, wronged.bundle, bearer)).status == 403
    ruling = next(row for row in space.rows("exchange", "disputes") if row["id"] == case)["ruling"]
    body = {"ruling": json.loads(ruling), "tx": ""}
    assert (await say("POST", f"{url}/{case}/ruling", body, space.bearer("buyer", "exchange"))).status == 404
    for broken in ({}, {**wronged.bundle, "row": "00"}, {**wronged.bundle, "v": 2}):
        assert (await say("POST", url, broken, space.bearer("buyer", "exchange"))).status == 400


async def test_who_contradicts_itself_is_found_at_fault(space, wronged, tmp_path):
    """The payer signed two vouchers with one seq, a log two heads of one size; no money moves over either."""
    channel, channels = bytes.fromhex(wronged.channel), space.deployment.domain("channels")
    vouchers = [Voucher(channel, 99, amount, bytes(32), bytes(32), 0) for amount in (1, 2)]
    signed = [(one, signature.sign(digest(channels, one), space.keys("buyer").agreement)) for one in vouchers]
    origin, key = space.url("provider").partition("://")[2] + "/log", space.keys("provider").log
    heads = [checkpoints.sign(Checkpoint(origin, 7, bytes([root]) * 32), key).encode() for root in (1, 2)]
    filed = {
        "payer-equivocated": ("second", equivocation.document(channel, *signed), wronged.channel, "payer"),
        "log-forked": ("other", fork_proof.document(*heads), origin_id(origin).hex(), "owner"),
    }
    for finding, (filer, document, part, at_fault) in filed.items():
        path = tmp_path / f"{finding}.json"
        path.write_text(json.dumps(document))
        case = await penstock(space, filer, "dispute", "file", str(path))
        assert (case["id"], case["proposed"]["finding"]) == (sha(document).hex(), finding)
        ruled = await penstock(space, "regulator", "dispute", "rule", case["id"])
        assert (ruled["ruling"]["atFault"], ruled["ruling"]["division"], ruled["tx"]) == (at_fault, None, "")
        assert (await penstock(space, filer, "dispute", "show", case["id"]))["ruling"] == ruled["ruling"]
        assert all(told(space, role, "dispute.filed", part) for role in (filer, "exchange"))
        await penstock(space, "regulator", "dispute", "rule", case["id"], "--award", "1")  # ruled on once, for good
    await penstock(space, "regulator", "dispute", "hold", case["id"], code=2)
    await penstock(space, "second", "dispute", "rule", case["id"], code=4)
    await penstock(space, "other", "dispute", "file", str(tmp_path / "payer-equivocated.json"), code=3)


async def test_the_audit_finds_filing_ruling_and_division_in_agreement(space, wronged):
    for role in ("buyer", "second", "exchange", "regulator"):  # what is published is what was cosigned
        await space.doors[role].call("POST", "log/anchor", {})
    async with sources(space.url("exchange"), development=True) as opened:
        held = space.keys("regulator")
        report = await audit.run(opened, held.delivery, others=(held.hybrid,))
    about = {"dispute", "ruling", "division", "settlement", "split"}
    wrong = [one for one in report.findings if one.severity == ERROR and one.code.split("-")[0] in about]
    assert not [one.text() for one in wrong if one.facts.get("channel") in {None, wronged.channel}]
    assert not {"dispute-not-ruled", "space-unregistered", "member-unregistered"} & report.codes()


async def test_a_watch_says_what_is_new_and_ends_with_its_worst(space, wronged, tmp_path):
    """As its user would: rules in a file, a line for each hit, then Ctrl-C."""
    rules = tmp_path / "rules.toml"
    rules.write_text("volume_above = 0")
    asked = ("--exchange", space.url("exchange"), "--data", str(space.people["regulator"].data), "--development")
    more = ("--watch", "--every", "1", "--rules", str(rules), "--json")
    process = await asyncio.create_subprocess_exec(*PENSTOCK, "audit", *asked, *more, stdout=asyncio.subprocess.PIPE)
    rows = []
    async with asyncio.timeout(60):
        while not any(row.get("rule") == "volume_above" for row in rows):
            rows.append(json.loads(await process.stdout.readline()))
        await asyncio.sleep(3)  # some more rounds, in which nothing is new
    process.send_signal(signal.SIGINT)
    rest, _ = await process.communicate()
    rows += [json.loads(line) for line in rest.splitlines()]
    said = [json.dumps({name: row[name] for name in row if name != "at"}, sort_keys=True) for row in rows]
    assert len(said) == len(set(said)), "what is known is not said again"
    assert PRODUCT in {row["subject"].rsplit(":", 1)[-1] for row in rows if row.get("rule") == "volume_above"}
    assert process.returncode == (6 if any(row.get("severity") == ERROR for row in rows) else 0)
