"""Three operators who check each other, as they run the exchange: what one asks for, another assents to."""

from __future__ import annotations

import asyncio
import json

import pytest
import pytest_asyncio

from catalog.posts import ACTS, Post
from connector.api import operators
from connector.api.authorize import EXCHANGE, MANAGEMENT, TRADERS
from connector.demo.processes import SERVE, Participant, free_ports
from connector.operation.initialise import initialise
from tests.api.command import commanded
from tests.api.records import records

pytestmark = pytest.mark.asyncio(loop_scope="session")

ABOUT = {"region": "US-NY", "development": True}
REFUSED, INVALID = 3, 2


class House:
    """An exchange of its own, a participant whom nobody has admitted, and the keys of three operators."""

    def __init__(self, folder):
        self.folder, ports = folder, free_ports(2)
        exchange = initialise(folder / "exchange", name="X", roles=("exchange",), port=ports[0], exchange="", **ABOUT)
        self.did = initialise(
            folder / "new", name="New", roles=("buyer",), port=ports[1], exchange=exchange.url, **ABOUT
        ).did
        self.people = [Participant(folder / name, SERVE) for name in ("exchange", "new")]

    async def run(self, who, *words, code=0):
        """Run `penstock exchange …` as an operator, or as the owner of the data directory."""
        acting = ("--as", str(self.folder / f"{who}.key")) if who else ()
        place = ("--data", str(self.folder / ("nowhere" if who else "exchange")))
        ended = await commanded("exchange", *acting, *words, *place, "--json")
        assert ended.code == code, (words, ended)
        return json.loads(ended.out)

    async def members(self, who="audit"):
        return [row["state"] for row in (await self.run(who, "member", "list"))["members"]]

    def events(self, kind):
        return records(self.folder / "exchange", kind)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(tmp_path_factory):
    made = House(tmp_path_factory.mktemp("house"))
    await asyncio.gather(*(person.start() for person in made.people))
    yield made
    await asyncio.gather(*(person.stop() for person in made.people))


async def test_one_person_answers_for_three_posts_until_they_are_filled(house):
    found = await house.run("", "operator", "list")
    assert (found["operators"], found["checked"]) == ([], False)
    assert "one person answers for all three posts" in found["en"]
    for post in Post:
        key = house.folder / f"{post}.key"
        made = await house.run("", "operator", "add", f"{post} of X", "--post", post, "--to", str(key))
        assert "key" not in made
        assert key.stat().st_mode & 0o077 == 0
    found = await house.run("audit", "operator", "list")
    assert ([row["post"] for row in found["operators"]], found["checked"]) == (["system", "security", "audit"], True)
    assert await house.run("", "operator", "add", "one more", "--post", "audit", code=REFUSED)
    assert len(house.events("operator.moved")) == 3


async def test_a_member_is_admitted_by_two(house):
    for alone in ("", "security", "audit"):
        await house.run(alone, "admit", house.did, code=REFUSED)
    proposed = await house.run("system", "admit", house.did, "--invite")
    assert (proposed["act"], proposed["awaits"]) == ("admit", "security")
    assert await house.members() == []
    [waiting] = (await house.run("security", "pending"))["acts"]
    invited = {"did": house.did, "invite": True}
    assert (waiting["id"], waiting["operator"], waiting["body"]) == (proposed["id"], "system of X", invited)
    for nobody in ("system", "audit", ""):
        await house.run(nobody, "assent", proposed["id"], code=REFUSED)
    done = await house.run("security", "assent", proposed["id"][:12])  # as the list shows it
    assert (done["state"], done["result"]["did"]) == ("done", house.did)
    assert await house.members() == ["admitted"]
    await house.run("security", "assent", proposed["id"], code=INVALID)
    assert [row["state"] for row in (await house.run("audit", "pending", "--state", "done"))["acts"]] == ["done"]
    assert len(house.events("act.moved")) == 3  # asked for, assented to, done


async def test_what_is_dissented_from_is_not_done(house):
    proposed = await house.run("system", "member", "revoke", house.did, "--reason", "I do not like them")
    refused = await house.run("security", "dissent", proposed["id"], "--reason", "that is no reason")
    assert (refused["state"], refused["reason"]) == ("refused", "that is no reason")
    assert await house.members() == ["admitted"]
    await house.run("security", "assent", proposed["id"], code=INVALID)


async def test_harm_is_stopped_at_once_and_let_in_again_by_two(house):
    await house.run("system", "member", "suspend", house.did, "--reason", "complaint", code=REFUSED)
    await house.run("security", "member", "suspend", house.did, "--reason", "complaint")
    assert await house.members() == ["suspended"]
    proposed = await house.run("security", "member", "resume", house.did, "--reason", "settled")
    assert await house.members() == ["suspended"]
    await house.run("system", "assent", proposed["id"])
    assert await house.members() == ["admitted"]


async def test_money_is_issued_once_however_often_it_is_assented_to(house):
    proposed = await house.run("system", "credit", house.did, "700")
    done = await house.run("security", "assent", proposed["id"])
    assert done["result"]["amount"] == "700"
    assert (await house.run("audit", "pending", "--state", "done"))["acts"][0]["act"] == "credit"


async def test_what_fails_is_noted_with_its_reason(house):
    proposed = await house.run("system", "credit", "did:web:nobody.example", "5")
    await house.run("security", "assent", proposed["id"], code=4)
    [failed] = (await house.run("audit", "pending", "--state", "failed"))["acts"]
    assert "is not a member" in failed["reason"]


async def test_an_operator_is_replaced_by_two_and_the_last_of_a_post_is_not_dismissed(house):
    words = ("operator", "dismiss", "audit of X", "--reason", "left")
    proposed = await house.run("system", *words)
    await house.run("security", "assent", proposed["id"], code=INVALID)
    proposed = await house.run("system", "operator", "add", "auditor", "--post", "audit")
    key = house.folder / "second.key"
    made = await house.run("security", "assent", proposed["id"], "--to", str(key))
    assert "key" not in made["result"]
    proposed = await house.run("system", *words)
    await house.run("security", "assent", proposed["id"])
    await house.run("audit", "member", "list", code=INVALID)
    assert (await house.run("second", "operator", "list"))["checked"]
    acts = (await house.run("second", "pending", "--state", "done"))["acts"]
    assert not any("key" in (row["result"] or {}) for row in acts)


async def test_every_cell_of_posts_and_acts():
    """Who may do what follows from the table alone, and nobody assents to an act of their own post."""
    for act in ACTS.values():
        assert act.assent not in act.by, act.key
        assert Post.AUDIT not in act.by | {act.assent}, act.key
    changing = {row.handler for row in MANAGEMENT if row.method == "POST" and row.roles == EXCHANGE}
    assert changing == set(operators.ACT_OF) | operators.SELF_CHECKED - {"rehearsals.rehearse"}
    known = {row.handler for row in MANAGEMENT if row.method == "GET" and not row.roles <= TRADERS}
    assert known >= operators.READ
