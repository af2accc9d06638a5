"""The operator's routes over HTTP, between two connectors: lists, faults, pauses by either side, and what is served."""

from __future__ import annotations

import asyncio
import itertools
import json
from urllib.parse import quote, urlencode

import pytest
import pytest_asyncio

from contracts.namespace import FORMAT_SEALED
from tests.api.command import commanded
from tests.api.conftest import SMALL
from tests.api.space import PURPOSE

pytestmark = pytest.mark.asyncio(loop_scope="session")

SIDES = ("provider", "buyer")
MANDATE = {"bid": 1000, "limit": 1000, "rounds": 4}
UNKNOWN = "urn:uuid:00000000-0000-4000-8000-000000000000"
PIECE = 65_536


def path(pid, verb=""):
    return "/".join(filter(None, ("processes", quote(pid, safe=""), verb)))


async def until(owner, role, pid, *states):
    """Return a process as soon as it rests in one of `states`."""
    async with asyncio.timeout(20):
        while True:
            view = (await owner(role, "GET", path(pid))).json
            if view["state"] in states and not view["pending"]:
                return view
            await asyncio.sleep(0.02)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def agreement(space, owner, say):
    """An agreement about the small product; returns the buyer's negotiation."""
    url = f"{space.url('provider')}/dsp/catalog/datasets/{SMALL}"
    dataset = (await say("GET", url, None, space.bearer("buyer", "provider"))).json
    asked = {
        "provider": space.did("provider"),
        "base": space.url("provider") + "/dsp",
        "offer": dataset["hasPolicy"][0] | {"target": dataset["@id"]},
        "mandate": MANDATE,
    }
    begun = await owner("buyer", "POST", "negotiations", asked)
    assert begun.status == 201, begun.body
    return await until(owner, "buyer", begun.json["id"], "FINALIZED")


@pytest_asyncio.fixture(loop_scope="session")
async def started(space, owner, agreement):
    """A transfer that runs; returns role -> its id there."""
    digest = next(row["digest"] for row in space.rows("buyer", "agreements") if row["negotiation"] == agreement["id"])
    begun = await owner("buyer", "POST", "transfers", {"agreement": digest, "format": FORMAT_SEALED})
    view = await until(owner, "buyer", begun.json["id"], "STARTED")
    await until(owner, "provider", view["peerPid"], "STARTED")
    return {"buyer": view["id"], "provider": view["peerPid"]}


async def command(space, *words):
    """Run a command on the provider's data directory; returns exit code, stdout, stderr."""
    ended = await commanded(*words, "--data", space.people["provider"].data)
    return ended.code, ended.out.decode(), ended.err.decode()


async def both(owner, started, state):
    return [await until(owner, role, started[role], state) for role in SIDES]


async def pieces(space, owner, say, started):
    """Ask for a piece with the ticket that the buyer holds now."""
    thing = (await owner("buyer", "GET", "things/" + quote(started["buyer"], safe=""))).json
    address = thing["address"]
    ticket = next(one["value"] for one in address["endpointProperties"] if one["name"] == "authorization")
    return await say(
        "GET", address["endpoint"] + "/pieces?first=0&count=1", None, {"Authorization": f"Ticket {ticket}"}
    )


# --- seen


async def test_a_process_is_shown_with_all_that_an_operator_needs(owner, agreement):
    shown = (await owner("buyer", "GET", path(agreement["id"]))).json
    assert shown == agreement
    assert (shown["kind"], shown["role"], shown["about"]) == ("negotiation", "consumer", SMALL)
    assert (shown["turn"], shown["deadline"], shown["message"], shown["due"]) == ("nobody", None, None, None)


async def listed(owner, query=""):
    """Return every process that a query finds, however many pages that are."""
    found, after = [], ""
    while after is not None:
        page = (await owner("buyer", "GET", "processes?" + query + urlencode({"after": after}))).json
        found, after = found + page["processes"], page["next"]
    return found


async def test_pages_hold_every_process_once_the_newest_first(owner, started):
    everything = await listed(owner)
    assert [one["updated"] for one in everything] == sorted((one["updated"] for one in everything), reverse=True)
    found, after = [], ""
    for _ in itertools.repeat(None, len(everything) + 1):
        page = (await owner("buyer", "GET", "processes?" + urlencode({"rows": "1", "after": after}))).json
        found += [one["id"] for one in page["processes"]]
        after = page["next"]
        if after is None:
            break
    assert found == [one["id"] for one in everything]
    assert {started["buyer"]} < set(found)


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("kind=transfer", lambda one: one["kind"] == "transfer"),
        ("state=STARTED", lambda one: one["state"] == "STARTED"),
        ("turn=ours", lambda one: one["turn"] == "ours"),
        ("turn=nobody&kind=negotiation", lambda one: one["turn"] == "nobody" and one["kind"] == "negotiation"),
    ],
)
async def test_filters_find_what_they_say(owner, started, query, holds):
    everything, after = None, await listed(owner)
    while everything != after:  # others' processes go on meanwhile
        everything = after
        found, after = await listed(owner, query + "&"), await listed(owner)
    assert found
    assert found == [one for one in everything if holds(one)]


# --- what makes no sense

WRONG_PAGES = ["kind=thing", "state=HAPPY", "turn=mine", "rows=0", "rows=101", "rows=x", "after=x", "sort=id"]
WRONG = [
    ("terminate", None),
    ("terminate", {}),
    ("terminate", {"reason": ""}),
    ("terminate", {"reason": 7}),
    ("terminate", {"reason": "x" * 1001}),
    ("terminate", {"reason": "x", "more": 1}),
    ("suspend", {"reason": " "}),
    ("retry", {"more": 1}),
    ("resume", []),
    ("complete", {"reason": "x"}),
]


@pytest.mark.parametrize("query", WRONG_PAGES)
async def test_a_wrong_page(owner, query):
    said = await owner("provider", "GET", "processes?" + query)
    assert (said.status, said.json["code"]) == (400, "invalid")
    assert said.json["text"]


@pytest.mark.parametrize(("verb", "body"), WRONG)
async def test_a_wrong_act(owner, started, verb, body):
    said = await owner("provider", "POST", path(started["provider"], verb), body)
    assert said.status == 400, said.body
    assert (await owner("provider", "GET", path(started["provider"]))).json["state"] == "STARTED"


@pytest.mark.parametrize("verb", ["", "retry", "terminate", "suspend", "resume", "complete"])
async def test_what_is_not_there(owner, verb):
    body = {"reason": "x"} if verb in {"terminate", "suspend"} else {}
    said = await owner("buyer", "POST" if verb else "GET", path(UNKNOWN, verb), body if verb else None)
    assert (said.status, said.json["code"]) == (404, "absent")


@pytest.mark.parametrize("verb", ["retry", "terminate", "suspend", "resume", "complete"])
async def test_what_is_at_its_end_says_so(owner, agreement, verb):
    body = {"reason": "x"} if verb in {"terminate", "suspend"} else {}
    said = await owner("buyer", "POST", path(agreement["id"], verb), body)
    assert (said.status, said.json["code"]) == (409, "conflict")
    assert "`FINALIZED`" in said.json["text"]


async def test_a_transfer_that_runs_is_not_resumed(owner, started):
    said = await owner("buyer", "POST", path(started["buyer"], "resume"), {})
    assert said.status == 409
    assert "`STARTED`" in said.json["text"]


async def test_the_command_line_says_the_same(space, owner, started):
    """Over the real server: listed for people and programs, ended once, and the second time said to be over."""
    pid = started["provider"]
    shown = (await owner("provider", "GET", path(pid))).json
    code, out, _ = await command(space, "admin", "show", pid, "--json")
    assert (code, json.loads(out)) == (0, shown)
    asked = ("admin", "list", "--kind", "transfer", "--state", "STARTED")
    code, out, _ = await command(space, *asked, "--long")
    assert code == 0
    assert pid in out
    begun = pid.removeprefix("urn:uuid:")[:12]
    assert begun in (await command(space, *asked))[1].split()
    code, out, _ = await command(space, "admin", "show", begun, "--json")
    assert (code, json.loads(out)["id"]) == (0, pid)
    code, out, _ = await command(space, "admin", "terminate", pid, "--reason", "enough")
    assert code == 0
    await both(owner, started, "TERMINATED")
    code, _, told = await command(space, "admin", "terminate", pid)
    assert code == 2
    assert "the transfer is at its end: `TERMINATED`" in told


# --- pauses


@pytest.mark.parametrize(("pauses", "resumes"), tuple(itertools.product(SIDES, SIDES)))
async def test_either_side_suspends_and_either_resumes(space, owner, say, started, pauses, resumes):
    assert (await pieces(space, owner, say, started)).status == 200
    said = await owner(pauses, "POST", path(started[pauses], "suspend"), {"reason": "night"})
    assert said.status == 200, said.body
    for view in await both(owner, started, "SUSPENDED"):
        assert view["reason"] == "night"
        assert view["deadline"]
    refused = await pieces(space, owner, say, started)
    assert (refused.status, refused.json["code"]) == (409, "conflict")
    assert (await owner(resumes, "POST", path(started[resumes], "resume"), {})).status == 200
    await both(owner, started, "STARTED")
    assert (await pieces(space, owner, say, started)).status == 200


@pytest.mark.parametrize("ends", SIDES)
@pytest.mark.parametrize("act", ["terminate", "complete"])
async def test_nothing_is_served_after_the_end(space, owner, say, started, ends, act):
    body, state = ({"reason": "enough"}, "TERMINATED") if act == "terminate" else ({}, "COMPLETED")
    assert (await owner(ends, "POST", path(started[ends], act), body)).status == 200
    await both(owner, started, state)
    assert (await pieces(space, owner, say, started)).status == 409


@pytest.mark.parametrize("role", SIDES)
async def test_a_retry_asks_the_peer_when_nothing_is_ours_to_do(owner, started, role):
    said = await owner(role, "POST", path(started[role], "retry"), {})
    other = "consumer" if role == "provider" else "provider"
    assert (said.status, said.json["did"]) == (200, f"asked, the {other} says it is `STARTED`")


# --- a pull that is paused


@pytest.mark.parametrize("resumes", ["second", "buyer"])
async def test_a_pull_rests_while_its_transfer_is_suspended_and_goes_on(space, owner, proxy, resumes):
    """Suspended when the first bytes are asked for; the same replica is whole after the transfer has been resumed."""
    product = f"paused-{resumes}"
    files = await space.publish("second", product, (3 * PIECE,), price=64_000)
    asked, go = asyncio.Event(), asyncio.Event()

    async def gate(request):
        if request.path.endswith("/pieces"):
            asked.set()
            await go.wait()

    proxy.calm()
    proxy.gate = gate
    await space.get(product, limit=64_000)
    await asyncio.wait_for(asked.wait(), 20)
    transfer = await space.until(product, lambda view: view["transfer"])
    ids = {"buyer": transfer["transfer"]}
    ids["second"] = (await owner("buyer", "GET", path(ids["buyer"]))).json["peerPid"]
    await owner("second", "POST", path(ids["second"], "suspend"), {"reason": "the disk is full"})
    await until(owner, "buyer", ids["buyer"], "SUSPENDED")
    proxy.calm()
    go.set()
    async with asyncio.timeout(20):
        while not any("/pieces" in asked_for for _, asked_for in proxy.log):
            await asyncio.sleep(0.02)
    view = await space.until(product, lambda _: True)
    assert (view["state"], view["turn"]["why"]) == ("receiving", "the transfer is suspended: the disk is full"), view
    await owner(resumes, "POST", path(ids[resumes], "resume"), {})
    await space.complete(product)
    body = {
        "id": f"open-{product}",
        "acquisition": product,
        "purpose": PURPOSE,
        "to": str(space.folder / "out" / product),
    }
    await space.doors["buyer"].call("POST", "openings", body)
    opened = [one.read_bytes() for one in sorted((space.folder / "out" / product).iterdir())]
    assert opened == [one.read_bytes() for one in files]


async def test_a_buyer_pauses_its_pull_gets_it_on_and_another_it_cancels(space, owner, proxy):
    """By the id it gave: `transfer pause`, `get` again, `transfer cancel`; what is cancelled fails and says why."""
    asked, go = asyncio.Event(), asyncio.Event()

    async def gate(request):
        if request.path.endswith("/pieces"):
            asked.set()
            await go.wait()

    proxy.calm()
    for product in ("halted", "dropped"):
        await space.publish("second", product, (3 * PIECE,), price=64_000)
    proxy.gate = gate
    await space.get("halted", limit=64_000)
    await asyncio.wait_for(asked.wait(), 20)
    assert "SUSPENDED" in await penstock(space, "pause", "halted")
    view = await space.until("halted", lambda _: True)
    pid = view["transfer"]
    await until(owner, "buyer", pid, "SUSPENDED")
    go.set()
    proxy.calm()
    await asyncio.sleep(0.2)
    assert (await space.until("halted", lambda _: True))["state"] == "receiving"
    await space.get("halted", limit=64_000)
    await space.complete("halted")

    asked.clear()
    go.clear()
    proxy.gate = gate
    await space.get("dropped", limit=64_000)
    await asyncio.wait_for(asked.wait(), 20)
    assert "TERMINATED" in await penstock(space, "cancel", "dropped", "--reason", "too late")
    go.set()
    proxy.calm()
    view = await space.until("dropped", lambda view: view["state"] == "failed")
    assert "too late" in view["reason"]


async def penstock(space, verb, *words):
    """Run a verb of `penstock transfer` against the buyer; return what it says."""
    ended = await commanded("transfer", verb, *words, "--data", space.people["buyer"].data)
    assert ended.code == 0, ended.err.decode()
    return ended.out.decode()
