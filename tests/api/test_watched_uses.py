"""An exchange watches what runs: a leased reading is told of, stopped, cut, refused, allowed again, and audited."""

from __future__ import annotations

import asyncio
import json
import shlex
from pathlib import Path

import pytest
import pytest_asyncio

from catalog.watching import USES_KEPT_MAX, USES_TOLD_MAX
from connector.compute.sitting import SECONDS_MAX
from connector.runtime.clock import Clock
from connector.runtime.errors import PeerRefused, PenstockError
from tests.api.command import penstock
from tests.api.refusals import refused
from tests.api.space import PURPOSE, Space
from tests.api.test_computing import ask as query
from tests.api.test_computing import jobs
from tests.api.test_programs import OPEN, listed, module, run

pytestmark = pytest.mark.asyncio(loop_scope="session")

WATCHED = {"PENSTOCK_SPACE_WATCH_SECONDS": "1"}
TABLE = "day,millimetres\n" + "".join(f"{day},{day % 17}\n" for day in range(2_000))
SUM = "select sum(millimetres) from rain"
NEVER = "select count(*) from rain a, rain b, rain c, range(100000) where a.day + b.day + c.day = range"
REASON = "the source was attacked"
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "watching.md").read_text(encoding="utf-8")
# the commands of the page: to see, to stop, to allow
SEE, STOP, ALLOW = (shlex.split(line)[1:-2] for line in PAGE.splitlines() if line.startswith("    penstock "))
WITHIN_SECONDS = 40


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def watched(tmp_path_factory):
    """A space of four whose exchange watches, and what its buyer has leased."""
    made = Space(tmp_path_factory.mktemp("watched"), Clock().now, WATCHED)
    made.prepare(("exchange", "regulator", "provider", "buyer"))
    try:
        await made.start()
        (made.folder / "rain.csv").write_text(TABLE)
        await made.publish_files("provider", "rain", [made.folder / "rain.csv"], openings=20)
        await made.get("rain")
        await made.complete("rain", within=WITHIN_SECONDS)
        yield made
    finally:
        await made.stop()


async def ask(space, statement, *more, code=0):
    words = ("open", "rain", "--purpose", PURPOSE, "--query", statement, *more)
    return await penstock(space, "buyer", *words, code=code)


async def typed(space, command, **named):
    """Type a command of the page, with what it leaves open."""
    return await penstock(space, "exchange", *(named.get(word, word) for word in command))


async def seen(space, holds):
    """Wait until the exchange's view of what runs is as it is to be; return it."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while not holds(found := await space.doors["exchange"].call("GET", "uses")):
            await asyncio.sleep(0.2)
    return found


async def test_a_leased_reading_is_stopped_by_the_exchange_and_allowed_again(watched):
    agreement = (await watched.doors["buyer"].call("GET", "acquisitions/rain"))["agreement"]
    body = {"id": "to-be-stopped", "acquisition": "rain", "purpose": PURPOSE, "query": NEVER, "within": SECONDS_MAX}
    reading = asyncio.create_task(watched.doors["buyer"].call("POST", "openings", body))
    [use] = (await seen(watched, lambda found: found["uses"]))["uses"]
    assert (use["member"], use["agreement"], use["product"]) == (watched.did("buyer"), agreement, "rain")
    assert (use["action"], use["state"]) == ("read", "running")

    told = await typed(watched, STOP, USE=use["use"])
    [stop] = told["stops"]
    assert (stop["member"], stop["agreement"], stop["state"]) == (watched.did("buyer"), agreement, "stopped")
    with pytest.raises(PeerRefused) as cut:
        await reading
    words = json.loads(cut.value.body)["text"]
    assert "cut" in words
    assert f"the exchange `{watched.did('exchange')}` has stopped its use: {REASON}" in words
    found = await seen(watched, lambda found: found["stops"][0]["state"] == "obeyed")
    assert (found["uses"], found["stops"][0]["overdue"]) == ([], False)

    refused = await ask(watched, SUM, code=3)
    assert f"the exchange `{watched.did('exchange')}` has stopped its use: {REASON}" in refused["text"]
    shown = await typed(watched, SEE)
    assert [one["reason"] for one in shown["stops"]] == [REASON]

    told = await typed(watched, ALLOW, AGREEMENT=agreement)
    assert [one["state"] for one in told["stops"]] == ["allowed"]
    async with asyncio.timeout(WITHIN_SECONDS):
        while watched.rows("buyer", "halts"):
            await asyncio.sleep(0.2)
    assert (await ask(watched, SUM))["answer"]["rows"] == [[sum(day % 17 for day in range(2_000))]]

    def turns(role):
        rows = [row for row in watched.rows(role, "log_entries") if row["kind"] == "use.moved"]
        assert {row["part"] for row in rows} == {agreement}
        return len(rows)

    assert (turns("exchange"), turns("buyer")) == (4, 2)


async def test_what_a_provider_computes_is_told_by_it_and_ended(watched, tmp_path):
    """A run takes its whole time, so it goes on until the stop; the provider answers again when it is allowed."""
    agreement = await listed(watched, "runs", tmp_path, gate=OPEN | {"programs": "30"})
    running = asyncio.create_task(refused(run(watched, "runs", module(tmp_path), job="to-be-stopped")))
    computed = lambda found: [one for one in found["uses"] if one["action"] == "compute"]  # noqa: E731
    [use] = computed(await seen(watched, computed))
    assert (use["member"], use["agreement"], use["product"]) == (watched.did("provider"), agreement, "runs")
    async with asyncio.timeout(WITHIN_SECONDS):
        while not [row for row in jobs(watched, agreement) if row["state"] == "running"]:
            await asyncio.sleep(0.05)
    began = watched.now()
    [stop] = (await typed(watched, STOP, USE=use["use"]))["stops"]
    status, _ = await running
    assert status >= 400
    assert (watched.now() - began).total_seconds() < 20
    await seen(
        watched, lambda found: (stop["stop"], "obeyed") in [(one["stop"], one["state"]) for one in found["stops"]]
    )
    [row] = jobs(watched, agreement)
    assert (row["state"], row["epsilon"]) == ("failed", 0)
    assert (await refused(query(watched, "runs", "select count(*) from firms")))[0] >= 400

    await typed(watched, ALLOW, AGREEMENT=stop["stop"])
    async with asyncio.timeout(WITHIN_SECONDS):
        while True:
            try:
                assert (await query(watched, "runs", "select count(*) from firms"))["left"] == "8.00"
                break
            except PenstockError:
                await asyncio.sleep(0.5)


async def test_what_happened_audits_clean(watched):
    for role in ("provider", "buyer", "exchange"):
        await watched.doors[role].call("POST", "log/anchor", {})
    about = ("audit", "--exchange", watched.url("exchange"), "--development")
    report = await penstock(watched, "regulator", *about, code=None)
    assert report["audit"] == "clean", report["findings"]


async def test_a_member_tells_and_obeys_for_itself_alone(watched, say):
    """Whose a use is says the token: another's is neither shown as its own nor ended, and no member stops anything."""
    url = watched.url("exchange") + "/exchange/uses"
    use = {
        "use": "0a" * 16,
        "agreement": "0b" * 32,
        "product": "rain",
        "action": "read",
        "since": "2026-01-01T00:00:00Z",
    }
    mine, others = {"running": [use]}, {"ended": [use["use"]]}

    async def tell(role, told):
        body = {"running": [], "ended": [], "obeyed": []} | told
        return await say("POST", url, body, watched.bearer(role, "exchange"))

    assert (await tell("provider", mine)).status == 200
    assert (await tell("buyer", others)).status == 200
    uses = (await watched.doors["exchange"].call("GET", "uses"))["uses"]
    assert [one["member"] for one in uses if one["use"] == use["use"]] == [watched.did("provider")]

    stop = await watched.doors["exchange"].call("POST", "uses/stop", {"what": use["use"], "reason": REASON})
    [key] = [one["stop"] for one in stop["stops"]]
    assert [one["stop"] for one in (await tell("provider", {})).json["stops"]] == [key]
    assert (await tell("buyer", {"obeyed": [key]})).json["stops"] == []
    found = (await watched.doors["exchange"].call("GET", "uses"))["stops"]
    assert [one["state"] for one in found if one["stop"] == key] == ["told"]
    for role in ("provider", "buyer"):
        asked = await say(
            "POST", watched.url("exchange") + "/management/uses/stop", {}, watched.bearer(role, "exchange")
        )
        assert asked.status in (401, 403, 404)
    assert (await say("POST", url, {"running": [], "ended": [], "obeyed": []})).status == 401

    many = [use | {"use": f"{number:032x}"} for number in range(USES_TOLD_MAX + 1)]
    refused = await tell("provider", {"running": many})
    assert refused.status == 400
    assert f"the limit is {USES_TOLD_MAX}" in refused.body.decode()
    for batch in range(USES_KEPT_MAX // USES_TOLD_MAX + 1):
        running = [one | {"use": f"{batch}{one['use'][1:]}"} for one in many[1:]]
        told = await tell("provider", {"running": running})
    assert told.status == 409
