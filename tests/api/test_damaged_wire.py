"""Bytes corrupted in flight, keys that are wrong, peers and a chain that go away: what the buyer does about each.

The second provider is reached through the test's proxy. Nothing of the buyer, the exchange or the chain is pretended.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from collections import Counter
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from aiohttp import web

from connector.runtime.errors import PeerRefused, PenstockError, explain_failure
from contracts.typed_data import Order
from contracts.typed_packed import unpack
from ledger.edition.row_table import RowTable
from tests.api.lying_serve import FRAUDS, LIES

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRICE = 64_000  # minor units a MiB: a piece of 64 KiB costs 4,000
PIECE = 65_536
VERIFY = (sys.executable, "-m", "connector.cli.main", "verify")
SHOW = (sys.executable, "-m", "connector.cli.main", "show")


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def calm(proxy):
    """Every test begins with a proxy that does nothing, and leaves one."""
    proxy.calm()
    yield
    proxy.calm()


def ranges(path):
    query = parse_qs(urlsplit(path).query)
    return int(query["first"][0]), int(query["count"][0])


def windows(space, view):
    """Return the buyer's windows that asked for keys, in order."""
    rows = [row for row in space.rows("buyer", "windows") if row["channel"] == view["channel"]]
    return sorted((row for row in rows if json.loads(row["orders"] or "[]")), key=lambda row: row["seq"])


def paid(space, view):
    return sum(int(row["amount"]) for row in windows(space, view) if row["state"] in ("released", "acknowledged"))


async def run(*command):
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    return process.returncode, said


# --- bytes


class Spoiler:
    """Flips one bit in the middle of row `row`, `times` times; tells in `events` what passed in which order."""

    def __init__(self, row, times=1):
        self.row, self.left, self.table, self.events = row, times, None, []

    def __call__(self, request, body):
        if request.path.endswith("/rows"):
            self.table = RowTable(body)
        if request.path.endswith("/pieces"):
            first, count = ranges(request.path_qs)
            self.events.append((first, count))
            if self.left and first <= self.row < first + count:
                self.left -= 1
                offset = self.table.span(first, self.row - first)[1] if self.row > first else 0
                body = bytearray(body)
                body[offset + self.table.span(self.row, 1)[1] // 2] ^= 1
                return bytes(body)
        if request.path.endswith("/request"):
            self.events.append("keys")
        return body


async def test_a_corrupted_piece_is_caught_at_its_row_and_fetched_again(space, proxy):
    files = await space.publish("second", "corrupted", (4 * PIECE, PIECE + 5), price=PRICE)
    spoiler = proxy.spoil = Spoiler(row=3)
    await space.get("corrupted", limit=PRICE)
    view = await space.complete("corrupted")
    pieces = [event for event in spoiler.events if event != "keys"]
    asked = Counter(row for first, count in pieces for row in range(first, first + count))
    assert (3, 1) in pieces, "the bad row comes alone"
    assert [asked[row] for row in range(4)] == [1, 1, 1, 2], "what came before it is kept"
    assert len(asked) == int(view["progress"]["rows"])
    assert spoiler.left == 0
    assert await space.opened("corrupted") == [path.read_bytes() for path in files]
    plain = spoiler.table.plain_bytes()
    assert paid(space, view) == int(view["progress"]["paid"]) == -(-plain * PRICE // 2**20)  # each row once


async def test_bad_bytes_are_never_paid(space, proxy):
    """A source that keeps sending a bad row is given up; the rows before it may be paid, the bad one never is."""
    await space.publish("second", "rotten", (10 * PIECE,), price=PRICE)
    proxy.spoil = Spoiler(row=2, times=100)
    await space.get("rotten", limit=PRICE)
    view = await space.until("rotten", lambda view: view["state"] == "failed")
    assert json.loads(view["reason"])["code"] == "peer-misbehaved"
    assert "piece 2" in json.loads(view["reason"])["text"]
    for window in windows(space, view):
        for order in json.loads(window["orders"]):
            ranges = unpack(Order, base64.b64decode(order)).ranges
            assert all(not each.first <= 2 < each.first + each.count for each in ranges)


async def test_a_ticket_that_is_over_is_renewed_for_a_transfer_that_runs(space, proxy):
    files = await space.publish("second", "renewed", (6 * PIECE,), price=PRICE)
    renewals = []

    async def grow_old(request):
        if request.path.endswith("/ticket"):
            renewals.append(await request.json())
        elif request.path.endswith(("/pieces", "/sources")) and not renewals:
            raise web.HTTPUnauthorized

    proxy.gate = grow_old
    await space.get("renewed", limit=PRICE)
    view = await space.complete("renewed")
    assert len(renewals) == 1
    assert await space.opened("renewed") == [path.read_bytes() for path in files]
    edition = next(row["edition"] for row in space.rows("buyer", "agreements") if row["digest"] == view["agreement"])
    for role in ("buyer", "regulator"):  # the transfer is over by now, and never was the regulator's
        bearer = space.bearer(role, "second")
        with pytest.raises(PeerRefused) as refusal:
            await space.outbound.post(f"{space.url('second')}/sealed/{edition}/ticket", renewals[0], headers=bearer)
        assert refusal.value.status == 404


# --- keys


async def faulted(space, view, code):
    """The acquisition ended with one bundle, and nothing was paid after it; returns what `penstock show` says of it."""
    assert json.loads(view["reason"])["exit"] == 6
    kept = [row for row in space.rows("buyer", "bundles") if row["channel"] == view["channel"]]
    assert [row["code"] for row in kept] == [code]
    states = [row["state"] for row in windows(space, view)]
    assert states[-1] == "fault"
    assert states.count("fault") == 1
    events = [row["kind"] for row in space.rows("buyer", "log_entries") if row["part"] == view["channel"]]
    assert events[-1] == "keys.faulted"
    status, shown = await run(*SHOW, kept[0]["id"], "--data", str(space.people["buyer"].data), "--json")
    assert status == 0
    return shown


async def test_a_wrong_key_is_proven_to_a_stranger(space, proxy, tmp_path):
    """The buyer stops with a bundle; `penstock verify` in a process without secrets or network names the payee."""
    await space.publish("second", "lied", (4 * PIECE,), price=PRICE)
    lies = space.people["second"].data / LIES
    lies.write_text("2")
    try:
        await space.get("lied", limit=PRICE)
        view = await space.until("lied", lambda view: view["state"] == "failed")
    finally:
        lies.unlink()
    shown = await faulted(space, view, "key")
    bundle, deployment = tmp_path / "bundle.json", tmp_path / "deployment.json"
    bundle.write_bytes(shown)
    deployment.write_text(json.dumps(space.deployment.json()))
    code, said = await run(*VERIFY, str(bundle), "--deployment", str(deployment), "--json")
    verdict = json.loads(said)
    assert (code, verdict["finding"], verdict["atFault"]) == (0, "wrong-key", "payee"), verdict
    assert int(verdict["refund"]) == int(windows(space, view)[-1]["amount"]) > 0
    changed = json.loads(shown)
    changed["row"] = changed["row"][:-2] + ("00" if changed["row"][-2:] != "00" else "01")
    bundle.write_text(json.dumps(changed))
    code, said = await run(*VERIFY, str(bundle), "--deployment", str(deployment), "--json")
    assert (code, json.loads(said)["atFault"]) == (6, "claimant")


async def list_fraud(space, name):
    """Publish products with a malformed row until the review's draw has missed it; returns the product's id."""
    frauds = space.people["second"].data / FRAUDS
    frauds.write_text("3")
    try:
        for attempt in range(8):
            product = f"{name}-{attempt}"
            try:
                await space.publish("second", product, (12 * PIECE,), price=PRICE)
            except PenstockError as refusal:
                assert explain_failure(refusal).exit_code == 6, refusal  # noqa: PT017  # the review drew the row itself
            else:
                return product
    finally:
        frauds.unlink()
    raise AssertionError("the review drew the row eight times")


async def test_a_malformed_edition_is_proven_to_a_stranger(space, tmp_path):
    """The key is right and opens nothing: found before the next window is signed, and the provider is at fault."""
    product = await list_fraud(space, "fraud")
    await space.get(product, limit=PRICE)
    view = await space.until(product, lambda view: view["state"] == "failed")
    bundle, deployment = tmp_path / "bundle.json", tmp_path / "deployment.json"
    bundle.write_bytes(await faulted(space, view, "edition"))
    deployment.write_text(json.dumps(space.deployment.json()))
    code, said = await run(*VERIFY, str(bundle), "--deployment", str(deployment), "--json")
    verdict = json.loads(said)
    assert (code, verdict["finding"], verdict["atFault"]) == (0, "malformed-edition", "provider"), verdict


# --- away


async def test_a_provider_that_is_away_is_waited_for(space):
    """Stopped before the first word: the acquisition says whose turn it is and why, and goes on by itself."""
    files = await space.publish("second", "away", (PIECE,), price=PRICE)
    await space.people["second"].stop()
    try:
        await space.get("away", limit=PRICE)
        view = await space.until("away", lambda view: view["turn"]["why"])
        assert (view["state"], view["turn"]["whose"]) == ("wanted", "provider")
        assert "did not answer" in view["turn"]["why"]
        assert view["turn"]["until"]
    finally:
        await space.people["second"].start(space.environment)
    view = await space.complete("away")
    assert view["turn"] is None
    assert await space.opened("away") == [path.read_bytes() for path in files]


async def test_a_provider_that_goes_away_while_negotiating(space, proxy):
    """Killed after it took the request: its counter-offer comes when it is back, and the deal is made."""
    files = await space.publish("second", "halfway", (PIECE,), price=PRICE)
    taken = asyncio.Event()

    async def kill_after_the_request(request):
        if request.path.endswith("/agreement/verification") and not taken.is_set():
            taken.set()
            await space.people["second"].kill()

    proxy.gate = kill_after_the_request
    await space.get("halfway", limit=PRICE)
    async with asyncio.timeout(20):
        await taken.wait()
    view = await space.until("halfway", lambda view: view["turn"]["why"])
    assert (view["state"], view["turn"]["whose"]) == ("negotiating", "provider")
    await space.people["second"].start(space.environment)
    await space.complete("halfway")
    assert await space.opened("halfway") == [path.read_bytes() for path in files]


async def test_a_provider_that_goes_away_between_voucher_and_release(space, proxy):
    """The dearest moment: the voucher is signed. After the restart the same voucher is answered, and paid once."""
    files = await space.publish("second", "signed", (6 * PIECE,), price=PRICE)
    vouchers = []

    async def kill_at_the_second(request):
        if request.path.endswith("/voucher"):
            vouchers.append(await request.read())
            if len(vouchers) == 2:
                await space.people["second"].kill()

    proxy.gate = kill_at_the_second
    await space.get("signed", limit=PRICE)
    view = await space.until("signed", lambda view: view["turn"] and view["turn"]["why"] and len(vouchers) >= 2)
    assert (view["state"], view["turn"]["whose"]) == ("receiving", "provider")
    await space.people["second"].start(space.environment)
    view = await space.complete("signed")
    said = [json.loads(body) for body in vouchers]
    repeated = [body["voucher"] for body in said if body["voucher"]["seq"] == said[1]["voucher"]["seq"]]
    assert len(repeated) >= 2
    assert all(voucher == repeated[0] for voucher in repeated)
    assert paid(space, view) == int(view["progress"]["paid"])
    assert await space.opened("signed") == [path.read_bytes() for path in files]


async def test_the_chain_goes_away_while_keys_flow(space, proxy):
    """Keys go on within `staleMax`; settling waits and is done when the chain is back (P2: nothing is paid twice)."""
    files = await space.publish("second", "chainless", (8 * PIECE,), price=PRICE)
    vouchers = 0

    async def stop_the_chain(request):
        nonlocal vouchers
        if request.path.endswith(("/voucher", "/step")):
            vouchers += 1
            if vouchers == 1:
                await space.people["exchange"].kill()

    proxy.gate = stop_the_chain
    try:
        await space.get("chainless", limit=PRICE)
        view = await space.complete("chainless")
        assert not space.people["exchange"].running
        assert vouchers >= 3
        body = {"agreement": view["agreement"]}
        with pytest.raises(PenstockError) as away:
            await space.doors["second"].call("POST", "settlements", body)
        told = explain_failure(away.value)
        assert (told.exit_code, told.whose) == (9, "chain")
    finally:
        await space.people["exchange"].start(space.environment)
    settled = await space.doors["second"].call("POST", "settlements", body)
    assert [channel["settled"] for channel in settled["channels"]] == [view["progress"]["paid"]]
    assert await space.opened("chainless") == [path.read_bytes() for path in files]
