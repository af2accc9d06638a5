"""Honest people are accused of nothing: a day is audited in its midst, and what spoils an audit is named once.

Nobody anchors by hand. The regulator joins when there has been trade already; a witness is away for a while; a byte of
one log is forged on its way to the auditor. Everything goes over HTTP between processes, every audit is the command.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from connector.client.server import Server
from connector.demo.processes import free_ports
from connector.runtime.clock import Clock
from tests.api.command import PROGRAM
from tests.api.space import Space

pytestmark = pytest.mark.asyncio(loop_scope="session")

DAY = ("exchange", "provider", "buyer", "regulator")
PATIENCE_SECONDS = 90
CLEAN, FINDINGS = 0, 6
ACCUSING = {"error"}
LOOKS = 3


class Day(Space):
    """A space whose heads are anchored by themselves, as often as a round allows."""

    anchors_every = 1

    async def audit(self, *more, by="regulator"):
        """Return exit code and report of `penstock audit`."""
        data = str(self.people[by].data)
        command = (*PROGRAM, "audit", "--exchange", self.url("exchange"), "--data", data, "--development", "--json")
        process = await asyncio.create_subprocess_exec(
            *command, *more, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, complaint = await process.communicate()
        assert process.returncode in {CLEAN, FINDINGS}, complaint.decode()
        return process.returncode, json.loads(out)

    async def anchored(self, role):
        """Wait until all that a log has now is anchored."""
        size = len(self.rows(role, "log_entries"))
        await self.happened(lambda: max((row["size"] for row in self.rows(role, "anchors")), default=0) >= size)

    async def happened(self, true):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not true():
                await asyncio.sleep(0.1)

    async def buy(self, product, sizes=(100_000,), **more):
        await self.publish("provider", product, sizes, **more)
        await self.get(product)
        return await self.complete(product, within=PATIENCE_SECONDS)

    async def heard_of_closing(self):
        """Wait until the buyer, which looks at the chain now and then, has seen what its provider closed."""
        await self.happened(lambda: self.closed("provider") <= self.closed("buyer"))

    def closed(self, role):
        return {row["id"] for row in self.rows(role, "channels") if row["state"] == "closed"}


def rows(report, *grades):
    """Return the findings of these grades, with those that follow from others."""
    every = [row for one in report["findings"] for row in (one, *one.get("follows", ()))]
    return [row for row in every if row["severity"] in grades]


def honest(found):
    """Fail unless an audit accuses nobody and exits so; return its codes."""
    code, report = found
    assert (code, rows(report, *ACCUSING)) == (CLEAN, []), [row["en"] for row in rows(report, *ACCUSING)]
    assert "Error(" not in json.dumps(report)
    return {row["code"] for row in report["findings"]}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def day(tmp_path_factory):
    """Three participants trade; the regulator's folder is there, and nobody has admitted it."""
    made = Day(tmp_path_factory.mktemp("day"), Clock().now)
    made.prepare(DAY)
    late = made.people.pop("regulator")
    try:
        await made.start()
        made.people["regulator"] = late
        await made.buy("before")
        yield made
    finally:
        await made.stop()


@asynccontextmanager
async def forging(url, forge):
    """Serve a log as its owner does, each page as `forge(path, body)` leaves it."""

    async def page(request):
        path = request.match_info["path"]
        async with aiohttp.ClientSession() as session, session.get(f"{url}/{path}") as answer:
            body = await answer.read()
            return web.Response(status=answer.status, body=forge(path, body))

    app, [port] = web.Application(), free_ports(1)
    app.router.add_get("/{path:.+}", page)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "localhost", port).start()
        yield f"http://localhost:{port}"
    finally:
        await runner.cleanup()


async def test_a_regulator_that_comes_late_accuses_nobody_and_can_be_told_everything(day):
    await day.people["regulator"].start()
    door = day.doors["regulator"] = Server(day.people["regulator"].data, day.outbound)
    day.status["regulator"] = await door.call("GET", "status")
    await day.doors["exchange"].call("POST", "members", {"did": day.did("regulator"), "invite": True})
    found = await day.audit()
    assert honest(found) >= {"events-undisclosed"}
    hidden = [row for row in found[1]["findings"] if row["code"] == "events-undisclosed"]
    assert {row["subject"] for row in hidden} == {day.did(role) for role in ("exchange", "provider", "buyer")}
    assert len(hidden) == 3, "once for each log"
    assert all("penstock log disclose" in row["en"] for row in hidden)

    for role in ("exchange", "provider", "buyer"):
        rehearsed = await day.doors[role].call("POST", "rehearsals", {"path": "log/disclosures", "body": {}})
        assert rehearsed["steps"][-1]["what"] == "disclosure.made"
        told = await day.doors[role].call("POST", "log/disclosures", {})
        assert int(told["events"]) > 0
        assert (await day.doors[role].call("POST", "log/disclosures", {}))["events"] == "0"
    for role in ("provider", "buyer", "exchange"):
        await day.anchored(role)
    found = await day.audit()
    assert "events-undisclosed" not in honest(found)
    assert found[1]["decisions_replayed"] > 0, "what was before its time is audited like all else"


async def test_an_ordinary_day_audits_clean_at_any_moment(day):
    over, looks = asyncio.Event(), []

    async def audit():
        while not over.is_set():
            looks.append(honest(await day.audit()))

    auditing = asyncio.create_task(audit())
    try:
        number = 0
        while len(looks) < LOOKS and not auditing.done():
            await day.buy(f"day-{number}", (200_000, 90_000))
            await day.opened(f"day-{number}")
            if number % 2:
                await day.doors["provider"].call("POST", "settlements", {"agreement": None})
            number += 1
    finally:
        over.set()
    await auditing
    await day.heard_of_closing()
    for role in DAY:
        await day.anchored(role)
    _, report = await day.audit()
    unseen = {(row["code"], row["subject"]) for row in rows(report, "stale", "undisclosed")}
    assert unseen == {("log-young", day.did("regulator"))}, "at rest only an empty log has nothing to show"
    size = {role: len(day.rows(role, "anchors")) for role in DAY}
    heights = {len(day.rows(role, "log_entries")) for role in DAY}
    await asyncio.sleep(3 * day.anchors_every)
    assert size == {role: len(day.rows(role, "anchors")) for role in DAY}, "nothing new is no anchor"
    assert heights == {len(day.rows(role, "log_entries")) for role in DAY}


async def test_a_failed_anchor_accuses_nobody(day):
    await day.publish("provider", "unwitnessed", (100_000,))
    await day.people["regulator"].stop()
    await day.get("unwitnessed")
    await day.complete("unwitnessed", within=PATIENCE_SECONDS)
    await day.happened(lambda: "could not anchor the log" in day.people["provider"].last_words())
    await day.people["regulator"].start()
    honest(await day.audit())
    for role in DAY:
        await day.anchored(role)
    assert "log-behind" not in honest(await day.audit())


async def test_one_forged_byte_is_one_finding_and_no_accusation_of_the_buyer(day):
    def in_entries(path, body):
        return bytes([*body[:-9], body[-9] ^ 1, *body[-8:]]) if path.startswith("tile/entries") else body

    [told] = await forged(day, in_entries)
    assert (told["code"], told["subject"]) == ("log-unreadable", day.did("provider"))
    assert told["follows"], "what follows is said, below"


async def test_one_forged_byte_of_a_disclosure_is_one_finding(day):
    kinds = [row["kind"] for row in day.rows("provider", "log_entries")]
    at = kinds.index("keys.released")

    def in_a_box(path, body):
        first, _, count = path.removeprefix("addenda/").partition("-")
        if not path.startswith("addenda/") or not int(first) <= at < int(first) + int(count):
            return body
        boxes = json.loads(body)
        spoilt = {name: box[:-8] + ("B" if box[-8] == "A" else "A") + box[-7:] for name, box in boxes[at % 256].items()}
        return json.dumps([*boxes[: at % 256], spoilt, *boxes[at % 256 + 1 :]]).encode()

    [told] = await forged(day, in_a_box)
    assert (told["code"], told["subject"], told["index"]) == ("disclosure-false", day.did("provider"), at)
    assert told["follows"]


async def forged(day, forge):
    """Audit with the provider's log as `forge` leaves it; return what accuses somebody, as it is shown."""
    origin = day.url("provider").split("://")[1] + "/log"
    async with forging(day.url("provider") + "/log", forge) as place:
        code, report = await day.audit("--mirror", f"{origin}={place}")
    assert code == FINDINGS
    accusing = [row for row in report["findings"] if row["severity"] in ACCUSING]
    assert {row["subject"] for row in accusing} == {day.did("provider")}, [row["en"] for row in accusing]
    assert "Error(" not in json.dumps(report)
    return accusing
