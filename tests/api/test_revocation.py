"""An agreement ends while its buyer pulls and opens: everything stops at once, and only a party can end it."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from connector.channel import wire
from connector.negotiation.notices import REVOCATION, Notice
from contracts import signature
from tests.api.paying_by_hand import Hand

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRODUCT, PRICE, SIZE = "revoked", 250, 24 << 20
WAIT_SECONDS = 10  # generous: the published latency is measured by bench/revocation.py


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hand(space, say):
    """A leased product of many pieces, bought: its transfer runs, its channel is open."""
    await space.publish("provider", PRODUCT, (SIZE,), price=PRICE, openings=5)
    await space.get(PRODUCT)
    return Hand(space, say, await space.complete(PRODUCT), PRICE)


def told(space, role, kind):
    return [row for row in space.rows(role, "log_entries") if row["kind"] == kind]


def state(space, role, digest):
    return next(row["state"] for row in space.rows(role, "agreements") if row["digest"] == digest)


async def until(holds):
    async with asyncio.timeout(WAIT_SECONDS):
        while not holds():
            await asyncio.sleep(0.05)


def ticket_of(space, hand):
    """Return the address and the ticket with which the buyer draws sealed bytes."""
    row = next(row for row in space.rows("buyer", "transfers") if row["agreement"] == hand.agreement.hex())
    address = json.loads(row["address"])
    found = {one["name"]: one["value"] for one in address["endpointProperties"]}
    return address["endpoint"], "Ticket " + found["authorization"]


async def signed(space, role, notice, key=None):
    by = signature.sign(notice.digest, key or space.keys(role).agreement)
    return {**notice.json(), "signature": by.hex()}


@pytest.mark.parametrize(("who", "status", "code"), [("regulator", 404, "no-party"), ("buyer", 401, "bad-signature")])
async def test_who_is_no_party_or_signs_otherwise_changes_nothing_and_raises_an_alarm_once(
    space, say, hand, who, status, code
):
    notice = Notice(REVOCATION, hand.agreement.hex(), "we want it so", datetime.now(UTC))
    body = await signed(space, who, notice, space.keys("regulator").agreement)
    before = space.rows("provider", "agreements")
    alarms = len(told(space, "provider", "alarm.raised"))
    for _ in range(2):
        said = await say("POST", space.url("provider") + "/notices", body, space.bearer(who, "provider"))
        assert said.status == status, said.body
    assert space.rows("provider", "agreements") == before
    assert len(told(space, "provider", "alarm.raised")) == alarms + 1
    assert [row["code"] for row in space.rows("provider", "alarms")].count(code) == 1


@pytest.mark.parametrize(
    "wrong", [{}, {"kind": "unheard of"}, {"signature": "00"}, {"at": "yesterday"}, {"text": "x" * 1001}, {"more": ""}]
)
async def test_what_is_no_notice_is_refused(space, say, hand, wrong):
    notice = Notice(REVOCATION, hand.agreement.hex(), "no", datetime.now(UTC))
    body = {**(await signed(space, "buyer", notice)), **wrong} if wrong else {}
    said = await say("POST", space.url("provider") + "/notices", body, space.bearer("buyer", "provider"))
    assert said.status == 400, said.body


class Drawing:
    """Sealed bytes being drawn by hand, slowly; `over` is set when the connection has ended."""

    def __init__(self, reader, writer):
        self.reader, self.writer, self.bytes, self.over = reader, writer, 0, asyncio.Event()
        self.task = asyncio.create_task(self.draw())

    @classmethod
    async def begin(cls, endpoint, ticket, rows):
        at = urlsplit(endpoint)
        reader, writer = await asyncio.open_connection(at.hostname, at.port, limit=1 << 16)
        head = f"GET {at.path}/pieces?first=0&count={rows} HTTP/1.1\r\nHost: {at.netloc}\r\nAuthorization: {ticket}"
        writer.write(f"{head}\r\n\r\n".encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        return cls(reader, writer)

    async def draw(self):
        with suppress(ConnectionError):
            while some := await self.reader.read(1 << 14):
                self.bytes += len(some)
                await asyncio.sleep(0.02)
        self.writer.close()
        self.over.set()


async def test_scenario_20_a_revoked_agreement_stops_streams_keys_and_openings(space, say, owner, hand):
    endpoint, ticket = ticket_of(space, hand)
    drawing = await Drawing.begin(endpoint, ticket, hand.count)
    offer = await hand.offer()
    await asyncio.sleep(0.1)
    assert 0 < drawing.bytes < SIZE
    begun = time.monotonic()
    revoked = await owner(
        "provider", "POST", f"agreements/{hand.agreement.hex()}/revoke", {"reason": "the subject objects"}
    )
    assert revoked.status == 200, revoked.body
    await asyncio.wait_for(drawing.over.wait(), WAIT_SECONDS)
    assert time.monotonic() - begun < WAIT_SECONDS
    assert drawing.bytes < SIZE
    pieces = await say("GET", f"{endpoint}/pieces?first=0&count=1", None, {"Authorization": ticket})
    assert (pieces.status, pieces.json["code"]) == (409, "conflict")
    keys = await hand.post("request", wire.encode(hand.request()))
    assert (keys.status, keys.json["code"]) == (409, "agreement-over")
    paid = await hand.post("voucher", hand.signed(hand.voucher(offer)))
    assert paid.json.get("code") == "agreement-over", paid.body
    again = await owner("provider", "POST", f"agreements/{hand.agreement.hex()}/revoke", {"reason": "again"})
    assert again.status == 409
    async with asyncio.timeout(WAIT_SECONDS):
        while not any(
            row["digest"] == hand.agreement.hex() and row["state"] == "ended"
            for row in space.rows("buyer", "agreements")
        ):
            await asyncio.sleep(0.02)
    kinds = {role: [row["kind"] for row in space.rows(role, "log_entries")] for role in ("provider", "buyer")}
    assert {"agreement.ended", "notice.sent"} <= set(kinds["provider"])
    assert {"agreement.ended", "notice.received"} <= set(kinds["buyer"])
    await until(lambda: told(space, "provider", "licence.revoked"))


async def test_a_kept_replica_is_not_opened_under_a_revoked_agreement(space, owner):
    await space.publish("provider", "kept-revoked", (70_000,))
    await space.get("kept-revoked")
    view = await space.complete("kept-revoked")
    assert [len(content) for content in await space.opened("kept-revoked")] == [70_000]
    revoked = await owner("buyer", "POST", f"agreements/{view['agreement']}/revoke", {"reason": "we stop"})
    assert revoked.status == 200, revoked.body
    body = {"id": "again", "acquisition": "kept-revoked", "purpose": "AirTrafficResearch", "to": None}
    said = await owner("buyer", "POST", "openings", body)
    assert (said.status, said.json["code"]) == (403, "not-permitted"), said.body
    async with asyncio.timeout(WAIT_SECONDS):
        while not any(
            row["digest"] == view["agreement"] and row["state"] == "ended"
            for row in space.rows("provider", "agreements")
        ):
            await asyncio.sleep(0.02)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def kept(space, say):
    await space.publish("provider", "altered", (70_000,), price=PRICE, openings=5)
    await space.get("altered")
    return Hand(space, say, await space.complete("altered"), PRICE)


@pytest.mark.parametrize("column", ["terms", "agreement", "provider_signature", "buyer_signature"])
async def test_scenario_30_one_altered_byte_and_nothing_is_performed(space, say, kept, column):
    endpoint, ticket = ticket_of(space, kept)
    where = (f"UPDATE agreements SET {column} = ? WHERE digest = ?", kept.agreement.hex())
    written = next(row[column] for row in space.rows("provider", "agreements") if row["digest"] == where[1])
    wrong = written.replace("2", "3", 1) if isinstance(written, str) else bytes([written[0] ^ 1]) + written[1:]
    released = len(told(space, "provider", "keys.offered"))
    space.write("provider", where[0], (wrong, where[1]))
    try:
        keys = await kept.post("request", wire.encode(kept.request()))
        assert (keys.status, keys.json["code"]) == (409, "agreement-over"), keys.body
        # what runs is cut with the alarm, at any moment of this request: it is told why, whenever that is
        pieces = await say("GET", f"{endpoint}/pieces?first=0&count=1", None, {"Authorization": ticket})
        assert (pieces.status, pieces.json["code"]) == (409, "conflict"), pieces.body
        await until(lambda: "agreement-altered" in [row["code"] for row in space.rows("provider", "alarms")])
    finally:
        space.write("provider", where[0], (written, where[1]))
    assert len(told(space, "provider", "keys.offered")) == released
    assert told(space, "provider", "alarm.raised")
