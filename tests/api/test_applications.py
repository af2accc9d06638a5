"""Who asks to be a member, what the operator answers, and what is evidence of it."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from types import SimpleNamespace

import pytest
import pytest_asyncio

from connector.client.server import Server
from connector.demo.processes import SERVE, Participant, free_ports
from connector.operation.initialise import initialise
from tests.api.command import commanded
from tests.api.refusals import refused
from tests.contracts.credential.test_claims import CODE

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def harbour(tmp_path_factory, space):
    """An exchange of its own without members, and a participant whom nobody has admitted."""
    folder, ports = tmp_path_factory.mktemp("harbour"), free_ports(2)
    about = {"region": "US-NY", "development": True}
    exchange = initialise(folder / "exchange", name="X", roles=("exchange",), port=ports[0], exchange="", **about)
    newcomer = initialise(folder / "new", name="New", roles=("buyer",), port=ports[1], exchange=exchange.url, **about)
    people = [Participant(folder / name, SERVE) for name in ("exchange", "new")]
    await asyncio.gather(*(person.start() for person in people))
    doors = [Server(person.data, space.outbound) for person in people]
    yield SimpleNamespace(exchange=doors[0], door=doors[1], did=newcomer.did, database=people[0].data / "penstock.db")
    await asyncio.gather(*(person.stop() for person in people))


async def applied(harbour, state="applied"):
    rows = (await harbour.exchange.call("GET", f"applications?state={state}"))["applications"]
    return [row["did"] for row in rows]


async def test_who_is_a_member_cannot_apply_again(space):
    status, text = await refused(space.doors["buyer"].call("POST", "membership", {"message": "once more"}))
    assert (status, "is a member already" in text) == (409, True)
    assert (await refused(space.doors["buyer"].call("GET", "membership")))[0] == 404


async def test_who_has_not_applied_is_not_admitted(harbour):
    with contextlib.closing(sqlite3.connect(f"file:{harbour.database}?mode=ro", uri=True)) as database:
        entries = database.execute("SELECT count(*) FROM log_entries").fetchone()
        status, text = await refused(harbour.exchange.call("POST", "members", {"did": harbour.did}))
        assert (status, "has not applied here" in text) == (404, True)
        assert database.execute("SELECT count(*) FROM log_entries").fetchone() == entries
    said = await commanded("exchange", "admit", harbour.did, "--data", harbour.database.parent)
    assert (said.code, b"penstock join" in said.err, b"--invite" in said.err) == (4, True, True)
    for invite in ("yes", 1):
        assert (await refused(harbour.exchange.call("POST", "members", {"did": harbour.did, "invite": invite})))[
            0
        ] == 400
    said = await refused(harbour.exchange.call("POST", "members", {"did": harbour.did, "invite": None}))
    assert said[0] == 404, "null says what nothing says"


async def test_an_application_is_refused_with_a_reason_and_made_again(harbour):
    door, exchange = harbour.door, harbour.exchange
    row = await door.call("POST", "membership", {"message": "we watch birds"})
    assert (row["state"], row["did"], row["message"]) == ("applied", harbour.did, "we watch birds")
    assert await door.call("POST", "membership", {"message": "we watch more birds"}) == row
    assert await applied(harbour) == [harbour.did]
    body = {"did": harbour.did, "reason": ""}
    assert (await refused(exchange.call("POST", "applications/refusals", body)))[0] == 400
    await exchange.call("POST", "applications/refusals", body | {"reason": "no address"})
    assert (await door.call("GET", "membership"))["reason"] == "no address"
    assert (await refused(exchange.call("POST", "applications/refusals", body | {"reason": "twice"})))[0] == 409
    assert (await applied(harbour), await applied(harbour, "refused")) == ([], [harbour.did])
    assert (await refused(exchange.call("POST", "members", {"did": harbour.did})))[0] == 409
    again = await door.call("POST", "membership", {"message": "1 Harbour Road"})
    assert (again["state"], again["message"]) == ("applied", "1 Harbour Road")
    await exchange.call("POST", "members", {"did": harbour.did})
    assert (await door.call("GET", "membership"))["state"] == "admitted"
    with contextlib.closing(sqlite3.connect(f"file:{harbour.database}?mode=ro", uri=True)) as database:
        moved = "SELECT count(*) FROM log_entries WHERE kind = 'member.moved' AND part = ?"
        assert database.execute(moved, (harbour.did,)).fetchone() == (4,)  # applied, refused, applied, admitted


@pytest.mark.parametrize("body", [{}, {"message": 1}, {"message": "x" * 1001}, {"message": "", "more": ""}])
async def test_what_is_no_application_is_refused(harbour, body):
    assert (await refused(harbour.door.call("POST", "membership", body)))[0] in (400, 409)


async def test_an_unknown_state_is_refused(space):
    assert (await refused(space.doors["exchange"].call("GET", "applications?state=late")))[0] == 400
    assert (await refused(space.doors["exchange"].call("GET", "listings?state=late")))[0] == 400


async def test_a_listing_is_suspended_and_resumed_by_the_operator(space):
    exchange = space.doors["exchange"]
    await space.publish("provider", "gone-for-a-while", (65_536,), price=3)

    async def found():
        return (await space.doors["buyer"].call("GET", "find?q=while"))["found"]

    async def moved(move, reason=""):
        return await exchange.call("POST", "listings/gone-for-a-while/moves", {"move": move, "reason": reason})

    assert await found() == 1
    assert (await refused(moved("suspend")))[0] == 409
    assert (await moved("suspend", "a complaint"))["state"] == "suspended"
    assert await found() == 0
    queue = (await exchange.call("GET", "listings?state=suspended"))["listings"]
    assert ("gone-for-a-while", "a complaint") in [(row["id"], row["reason"]) for row in queue]
    assert (await moved("resume"))["state"] == "listed"
    assert await found() == 1
    assert (await refused(moved("list")))[0] == 400


@pytest_asyncio.fixture(loop_scope="session")
async def strict(tmp_path, space):
    """An exchange that wants to see papers, of which that of the space is believed to have looked; and a newcomer."""
    ports = free_ports(2)
    about = {"region": "CN-GD", "development": True}
    exchange = initialise(tmp_path / "exchange", name="X", roles=("exchange",), port=ports[0], exchange="", **about)
    newcomer = initialise(tmp_path / "new", name="N", roles=("buyer",), port=ports[1], exchange=exchange.url, **about)
    settings = tmp_path / "exchange" / "penstock.toml"
    believed = f'issuers = ["{space.did("exchange")} LegalPersonCredential"]'
    told = settings.read_text().replace("issuers = []", believed).replace("member_level = 0", "member_level = 2")
    settings.write_text(told)
    people = [Participant(tmp_path / name, SERVE) for name in ("exchange", "new")]
    await asyncio.gather(*(person.start() for person in people))
    yield [Server(person.data, space.outbound) for person in people], newcomer.did
    await asyncio.gather(*(person.stop() for person in people))


async def test_an_organisation_that_is_not_proven_far_enough_is_not_taken_in(space, strict):
    (exchange, door), did = strict
    apply = {"message": "we watch birds"}
    status, text = await refused(door.call("POST", "membership", apply))
    assert (status, "asks for level 2" in text, "said by its holder" in text) == (403, True, True), text
    assert (await exchange.call("GET", "applications"))["applications"] == []

    await credited(space, door, did, "1")
    status, text = await refused(door.call("POST", "membership", apply))
    assert (status, "asks for level 2" in text) == (403, True), text

    await credited(space, door, did, "2")
    row = await door.call("POST", "membership", apply)
    assert row["state"] == "applied"
    assert row["proven"] == {
        "level": "2", "name": "Tide Research", "code": CODE, "credential": row["proven"]["credential"],
    }  # fmt: skip
    [shown] = (await exchange.call("GET", "applications"))["applications"]
    assert shown["proven"] == row["proven"]
    assert await door.call("POST", "membership", apply) == row

    # who proves more while it waits is seen as it is now
    await credited(space, door, did, "3")
    assert (await door.call("POST", "membership", apply))["proven"]["level"] == "3"
    await exchange.call("POST", "members", {"did": did})
    assert (await door.call("GET", "membership"))["state"] == "admitted"


async def credited(space, door, did, level):
    """Have the newcomer hold a credential of its organisation at a level, by the exchange of the space."""
    claims = {"unifiedSocialCreditCode": CODE, "legalName": "Tide Research", "legalForm": "159", "country": "CN"}
    grant = {"holder": did, "type": "LegalPersonCredential", "claims": claims | {"level": level}}
    await space.doors["exchange"].call("POST", "issued/grants", grant)
    before = await held(door)
    request = {"types": ["LegalPersonCredential"], "issuer": space.did("exchange")}
    await door.call("POST", "credentials/requests", request)
    async with asyncio.timeout(30):
        while before >= await held(door):
            await asyncio.sleep(0.1)


async def held(door):
    return {one["credential"] for one in (await door.call("GET", "credentials"))["credentials"]}
