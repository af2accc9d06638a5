"""How a member follows the heads of its exchange: what it asks for, keeps, and refuses."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

import pytest

from connector.identity.space import kept, listing
from connector.identity.space.view import SpaceView
from connector.net.address_rules import AddressRules
from connector.runtime.clock import Clock
from connector.runtime.errors import Absent, NotPermitted, PeerRefused, PeerUnreachable
from connector.store.rows.console import FactRow
from connector.store.rows.space import MetMemberRow
from connector.store.store import Store
from ledger.space.answer import ASKED_MAX, Answer
from ledger.space.document import Space, SpaceError
from ledger.space.entry import DID, NAME_CHARACTERS_MAX
from ledger.space.head import contradict
from tests.ledger.space.exchange import Exchange

PROVIDER, LATE = "did:web:provider", "did:web:late"


class Wire:
    """Answers as the exchange would, and counts; `lie` turns an answer, `away` is what is raised instead."""

    def __init__(self, exchange):
        self.exchange, self.asked, self.bytes = exchange, [], 0
        self.lie, self.away = None, None

    async def get(self, url, limit_bytes=0):
        if self.away is not None:
            raise self.away
        AddressRules(development=True).check(url)
        split = urlsplit(url)
        self.asked.append(query := parse_qsl(split.query))
        return SimpleNamespace(json=lambda: self._answer(split.path, query), body=b"")

    def _answer(self, path, query):
        if path == "/space":
            return self.exchange.roll.space.json()
        first = next((int(value) for name, value in query if name == "first"), None)
        if path == "/space/members":
            dids = list(self.exchange.roll.space.members)[first : first + 3]
            return Answer(self.exchange.head(), entries=tuple(map(self.exchange.roll.entry, dids))).json()
        since = next((int(value) for name, value in query if name == "since"), None)
        answer = self.exchange.answer(since, *(pair for pair in query if pair[0] != "since"))
        return (self.lie(answer) if self.lie else answer).json()


@pytest.fixture
def wire():
    return Wire(Exchange())


@pytest.fixture
async def store(tmp_path):
    made = await Store.open(tmp_path / "member.db", (FactRow.TABLE, MetMemberRow.TABLE))
    yield made
    await made.close()


@pytest.fixture
def view(wire, store, monkeypatch):
    monkeypatch.setattr("connector.identity.space.view.SPACE_FRESH_SECONDS", 0.0)
    monkeypatch.setattr("connector.identity.space.view.STRANGER_SECONDS", 0.0)
    return SpaceView(store, wire, "http://exchange", Clock())


async def test_who_is_met_is_asked_for_once_and_followed_from_then_on(view, wire):
    assert PROVIDER not in (await view.current()).members
    assert (await view.require(PROVIDER)).role == "provider"
    assert (DID, PROVIDER) in wire.asked[-1]
    wire.exchange.bar(PROVIDER)
    await view.current()
    assert wire.asked[-1] == [("since", "1")]
    with pytest.raises(NotPermitted):
        await view.require(PROVIDER)
    with pytest.raises(Absent):
        await view.require("did:web:nobody")
    for odd in ("", "nobody", "did:web:\ud800", "did:web:a\nb", "did:" + "a" * 600):
        assert await view.member(odd) is None
        assert not any(name == DID for name, _ in wire.asked[-1])
    member = wire.exchange.roll.space.members["did:web:service"]
    assert await view.of_account(member.address) == await view.of_origin(member.origin) == member


async def test_who_was_let_in_again_is_not_refused_by_a_document_that_is_still_fresh(view, wire, monkeypatch):
    await view.require(PROVIDER)
    wire.exchange.bar(PROVIDER)
    await view.current()
    monkeypatch.setattr("connector.identity.space.view.SPACE_FRESH_SECONDS", 1e9)
    wire.exchange.bar(PROVIDER, state="")
    assert (await view.require(PROVIDER)).role == "provider"
    await view.refuse_known_barred(PROVIDER)
    looks = len(wire.asked)
    await view.require(PROVIDER)
    assert len(wire.asked) == looks, "who is in is not looked for again"


async def test_who_is_barred_is_refused_while_the_exchange_is_away(view, wire):
    await view.require(PROVIDER)
    wire.exchange.bar(PROVIDER)
    await view.current()
    wire.away = PeerUnreachable("no answer")
    with pytest.raises(NotPermitted):
        await view.require(PROVIDER)
    with pytest.raises(NotPermitted):
        await view.refuse_known_barred(PROVIDER)


async def test_what_was_met_is_there_after_a_restart_and_an_older_head_is_refused_then_too(view, wire, store):
    await view.require(PROVIDER)
    wire.exchange.admit(LATE, role="provider")
    await view.require(LATE)
    again = SpaceView(store, wire, "http://exchange", Clock())
    await again.recall()
    assert set(again.last().members) == set(view.last().members) >= {PROVIDER, LATE}
    assert await store.read(kept.space) == again.last()
    wire.exchange.rolls.pop()
    with pytest.raises(SpaceError, match="after head 2"):
        await again.renewed()
    wire.away = PeerUnreachable("away")
    assert LATE in (await again.current()).members
    with pytest.raises(PeerUnreachable, match="does not say whether"):
        await again.require("did:web:arbitrator")
    await again.refuse_known_barred("did:web:arbitrator")  # nobody waits for an exchange that is away


async def test_whoever_comes_to_act_for_all_is_asked_for_before_the_head_counts(view, wire):
    await view.current()
    wire.exchange.admit("did:web:second", role="regulator")
    space = await view.current()
    assert [one.did for one in space.of_role("regulator")] == ["did:web:regulator", "did:web:second"]
    assert (DID, "did:web:second") in wire.asked[-1]
    assert space.witnesses_of("did:web:regulator") == wire.exchange.roll.space.witnesses_of("did:web:regulator")


async def test_an_exchange_that_lies_is_not_followed(view, wire):
    before = await view.current()
    wire.exchange.admit(LATE)
    wire.lie = lambda answer: replace(answer, changes=dict(list(answer.changes.items())[1:]))
    with pytest.raises(SpaceError, match="leaves out"):
        await view.renewed()
    assert view.last() is before
    wire.lie = None
    assert LATE in {one.did for one in [await view.require(LATE)]}


async def test_two_heads_of_one_number_are_refused_and_both_are_kept(view, wire, store):
    await view.current()
    wire.exchange.admit(LATE)
    await view.current()
    liar = Exchange()
    liar.admit("did:web:other")
    wire.lie = lambda _answer: liar.answer()
    with pytest.raises(SpaceError, match="two heads 2"):
        await view.renewed()
    row = await store.read(lambda tx: tx.get(FactRow, name=kept.CONTRADICTION))
    assert contradict(*row.value["notes"], wire.exchange.own())


async def test_who_comes_back_after_very_much_proves_all_whom_it_met_anew(view, wire, monkeypatch):
    many = [f"did:web:m{number}" for number in range(ASKED_MAX + 5)]
    wire.exchange.admit(*many)
    for did in many:
        view._wanted.add((DID, did))
    await view.renewed()
    wire.exchange.bar(many[0])
    wire.lie = lambda answer: wire.exchange.answer() if answer.since else answer
    space = await view.renewed()
    assert set(many) <= space.members.keys()
    assert set(space.barred) == {many[0]}


@pytest.mark.parametrize("length", [20, 120, NAME_CHARACTERS_MAX])
async def test_however_many_are_met_at_once_and_whatever_they_are_called_each_question_has_an_address(
    view, wire, length
):
    many = [f"did:web:{number:02}{number:x>{length - 10}}" for number in range(ASKED_MAX + 5)]
    wire.exchange.admit(*many)
    space = await view.renewed(*((DID, did) for did in many))
    assert set(many) <= space.members.keys()


async def test_a_name_that_no_address_has_room_for_keeps_nobody_else_from_being_met():
    long, short = (DID, "did:web:" + "%" * 1_000), (DID, LATE)
    assert listing.at_once("http://exchange", [long, short]) == [short]


async def test_all_members_are_listed_page_by_page_and_proven_by_the_head(view, wire):
    await view.current()
    whole = await view.whole()
    assert whole == wire.exchange.roll.space
    count = len(wire.asked)
    assert await view.whole() is whole
    assert len(wire.asked) <= count + 1, "what no new head has changed is not listed again"
    hidden = wire.exchange.roll.space.members[PROVIDER]
    wire.exchange.admit(LATE)
    wire.exchange.roll.space.members[PROVIDER] = replace(hidden, region="elsewhere")
    with pytest.raises(SpaceError, match="not that of head 2"):
        await view.whole()


async def test_a_document_of_an_exchange_without_heads_counts_and_its_members_are_proven_when_there_are(view, wire):
    get, wire.get = wire.get, None

    async def old(url, limit_bytes=0):
        if "/space/changes" in url:
            raise PeerRefused("404", 404, b"")
        return SimpleNamespace(json=wire.exchange.roll.space.json, body=b"document")

    wire.get = old
    assert await view.current() == wire.exchange.roll.space == Space.from_json(wire.exchange.roll.space.json())
    assert await view.whole() == wire.exchange.roll.space
    wire.get = get
    assert set((await view.renewed()).members) == set(wire.exchange.roll.space.members)
    assert sum(name == DID for asked in wire.asked for name, _ in asked) == len(wire.exchange.roll.space.members)
