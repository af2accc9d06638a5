"""Every state, message and role of both processes over HTTP, each said twice, with token and checkpoint.

What the tables of `connector.negotiation.protocol.states` permit moves the stored process once; all else is
refused with the typed error, and not one byte of what is stored changes. A new row of the tables is visited by itself.
"""

from __future__ import annotations

import itertools

import pytest
import pytest_asyncio

from catalog.codes import TIERS
from connector.api import dsp
from connector.identity.peers import Peers
from connector.identity.space.view import SpaceView
from connector.negotiation.protocol import messages, states, validation
from connector.negotiation.protocol.states import CONSUMER, MESSAGES, NEXT, NONE, PROVIDER, ROLES, STATES, TRANSFER
from connector.runtime.clock import Clock
from contracts.namespace import AGREEMENT_URN, CHECKPOINT
from tests.api.served import served
from tests.api.stranger import Member
from tests.negotiation import cells
from tests.negotiation.cells import OURS, TABLES_OF, THEIRS
from tests.negotiation.world import edition, product

pytestmark = pytest.mark.asyncio(loop_scope="session")

PROCESSES = list(STATES)
SEGMENT_OF = {"negotiation": "negotiations", "transfer": "transfers"}
UNKNOWN = "urn:uuid:00000000-0000-4000-8000-000000000000"
SIGNED = "cd" * 32
FORMAT = TIERS["kept"].formats[0]
KEPT = ("negotiations", "transfers", "agreements", "received", "outbox", "peer_heads")
MESSAGE_ID = {"@id": "urn:uuid:message"}


class Desk:
    """The connector under test and one peer of it, a member of its space; what the peer says and what is stored."""

    def __init__(self, connector, peer, say):
        self.connector, self.peer, self._say = connector, peer, say
        self.now = Clock().now

    async def place(self, process, state, role):
        """Make the stored process the only one, in `state`; none for the state before the first."""

        def act(tx):
            for table in ("negotiations", "transfers", "outbox", "received", "agreements"):
                tx.execute(f"DELETE FROM {table}")
            about = {"role": PROVIDER, "negotiation": "n", "product": "p", "edition": "e", "state": "signed"}
            terms = product()["terms"]
            tx.insert("agreements", digest=SIGNED, peer=self.peer.did, terms=terms, created=now, **about)
            if state != NONE:
                tx.insert(TABLES_OF[process], **row)

        parts = self.connector.parts
        now, who = self.now(), await dsp.peer_of(parts.of(Peers), parts.of(SpaceView), self.peer.did)
        row = cells.stored(process, state, role, who, now, self.peer.url + "/dsp")
        await self.connector.store.write(act)

    async def stored(self):
        """Return everything that a message may change, as the database holds it."""

        def act(tx):
            found = {table: tx.execute(f"SELECT * FROM {table}") for table in KEPT}
            mine = tx.execute("SELECT * FROM log_entries WHERE kind IN ('negotiation.moved', 'agreement.ended')")
            return found | {"log": mine}

        return await self.connector.store.read(act)

    async def send(self, path, body, who=None):
        """Post a message with a fresh token; return status and body, a refusal's checked for its form."""
        headers = (who or self.peer).bearer(self.connector.did)
        answer = await self._say("POST", f"{self.connector.url}/dsp{path}", body, headers)
        if answer.status >= 300:
            self.typed(answer, path)
        return answer.status, answer.json

    async def ask(self, path, who=None):
        """Get a process; return status and body."""
        headers = (who or self.peer).bearer(self.connector.did)
        answer = await self._say("GET", f"{self.connector.url}/dsp{path}", None, headers)
        if answer.status >= 300:
            self.typed(answer, path)
        return answer.status, answer.json

    @staticmethod
    def typed(answer, path):
        process = next(process for process, segment in SEGMENT_OF.items() if path.startswith(f"/{segment}/"))
        kind = messages.ERROR_OF[process]
        assert answer.headers["Content-Type"].startswith("application/json")
        assert answer.json["@type"] == kind, answer.json
        assert validation.agrees(kind, answer.json), validation.explain(kind, answer.json)
        assert answer.json["code"]
        assert answer.json["reason"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(tmp_path_factory, say):
    peer = Member(tmp_path_factory.mktemp("peer") / "keys", Clock().now)
    await peer.start()
    try:
        async with served(tmp_path_factory.mktemp("served") / "data") as connector:
            await connector.admission.admit(peer.did, invited=True)
            offered = product(), edition()
            await connector.store.write(
                lambda tx: (tx.insert("products", **offered[0]), tx.insert("editions", **offered[1]))
            )
            yield Desk(connector, peer, say)
    finally:
        await peer.stop()


def spoken(process, state, message, role, peer):
    """Return the path and the body with which the peer of our `role` says `message` to a process in `state`."""
    if states.following(process, state, message, states.other(role)) and state == NONE:
        about = {"agreement": AGREEMENT_URN + SIGNED, "transfer_format": FORMAT}
        body = cells.first(process, message, THEIRS, peer.url + "/dsp", **about)
        return messages.BEGINNINGS[process, message], body
    pid = UNKNOWN if state == NONE else OURS
    # a transfer has no second request; where its path would be, there is none
    path = messages.PATHS.get((process, message), f"/{SEGMENT_OF[process]}/{{pid}}/{message}")
    return path.format(pid=pid), cells.said(process, message, pid, THEIRS, role)


def refusal(process, state, message):
    """Return status and code of what the table has no row for."""
    if (process, message) not in messages.PATHS:
        return 404, "absent"
    return (404, "unknown") if state == NONE else (400, "illegal-transition")


@pytest.mark.parametrize("named", [True, False], ids=["messages with an id", "messages without"])
@pytest.mark.parametrize("process", PROCESSES)
async def test_every_cell_twice(desk, process, named):
    visited = legal = 0
    for state, message, role in itertools.product(STATES[process], MESSAGES[process], ROLES):
        await desk.place(process, state, role)
        path, body = spoken(process, state, message, role, desk.peer)
        before, following = await desk.stored(), states.following(process, state, message, states.other(role))
        body |= MESSAGE_ID if named else {}
        if following or (process, message) in messages.PATHS:  # where there is no path, nobody would see the head
            body[CHECKPOINT] = await desk.peer.head(desk.connector.did)
        status, answer = await desk.send(path, body)
        after, again = await desk.stored(), await desk.send(path, body)
        cell = (state, message, role, answer)
        if following is None:
            assert (status, answer["code"]) == refusal(process, state, message), cell
            assert after == before, cell
        else:
            legal += 1
            assert (status, answer["@type"]) == (201 if state == NONE else 200, messages.ACK_OF[process]), cell
            assert validation.agrees(messages.ACK_OF[process], answer), cell
            (row,) = after[TABLES_OF[process]]
            assert (row["state"], row["peer_pid"], answer["state"]) == (following, THEIRS, following), cell
            assert after["peer_heads"] != before["peer_heads"], "the head is kept with the act"
        assert again == (status, answer), cell
        assert await desk.stored() == after, ("the second time nothing changes", *cell)
        visited += 1
    assert visited == len(STATES[process]) * len(MESSAGES[process]) * len(ROLES)
    assert legal == sum(key[0] == process for key in NEXT)


@pytest.mark.parametrize("process", PROCESSES)
async def test_every_state_is_shown_to_its_peer_and_to_nobody_else(desk, stranger, process):
    path, absent = f"/{SEGMENT_OF[process]}/{OURS}", None
    for state, role in itertools.product(STATES[process], ROLES):
        await desk.place(process, state, role)
        before = await desk.stored()
        status, answer = await desk.ask(path)
        assert await desk.ask(path) == (status, answer)
        if state == NONE:
            absent = status, answer
            assert status == 404
        else:
            provider, consumer = (OURS, THEIRS) if role == PROVIDER else (THEIRS, OURS)
            assert validation.agrees(messages.ACK_OF[process], answer)
            assert (status, answer["state"]) == (200, state)
            assert (answer["providerPid"], answer["consumerPid"]) == (provider, consumer)
        assert await desk.ask(path, stranger) == absent
        assert await desk.stored() == before, (state, role)


@pytest.mark.parametrize("process", PROCESSES)
async def test_a_first_message_under_a_known_id_is_no_message_to_that_process(desk, process):
    for (of, message), path in messages.BEGINNINGS.items():
        role = PROVIDER if message == "request" else CONSUMER
        for state in STATES[process][1:] if of == process else ():
            await desk.place(process, state, role)
            before = await desk.stored()
            body = spoken(process, NONE, message, role, desk.peer)[1]
            assert [(await desk.send(path, body))[1]["code"] for _ in "12"] == ["mismatch"] * 2
            assert await desk.stored() == before, (state, message)


def legal_cell(process, message):
    """Return a state and our role in which the peer may send `message`."""
    return next(
        (state, states.other(sender))
        for of, state, name, sender in NEXT
        if (of, name) == (process, message) and state != NONE
    )


PLACES = {path.format(pid=OURS): messages.TYPE_OF[key] for key, path in (messages.BEGINNINGS | messages.PATHS).items()}


@pytest.mark.parametrize(("process", "message"), messages.PATHS)
async def test_a_message_at_another_messages_path_is_no_message(desk, process, message):
    state, role = legal_cell(process, message)
    await desk.place(process, state, role)
    before = await desk.stored()
    body = cells.said(process, message, OURS, THEIRS, role)
    for path, kind in PLACES.items():
        if kind != body["@type"]:
            status, answer = await desk.send(path, body)
            assert (status, answer["code"]) == (400, "malformed"), path
    assert await desk.stored() == before


@pytest.mark.parametrize(("process", "message"), messages.PATHS)
async def test_somebody_elses_process_looks_like_an_absent_one(desk, stranger, process, message):
    state, role = legal_cell(process, message)
    await desk.place(process, state, role)
    before = await desk.stored()
    path, body = spoken(process, state, message, role, desk.peer)
    theirs = await desk.send(path, body, stranger)
    assert theirs[0] == 404
    assert await desk.stored() == before
    await desk.place(process, NONE, role)
    assert await desk.send(path, body, stranger) == theirs
    await desk.place(process, state, role)
    assert (await desk.send(path, body))[0] == 200, "to its peer it is there"


async def test_a_transfer_under_anothers_agreement_looks_like_one_under_none(desk, stranger):
    await desk.place(TRANSFER, NONE, PROVIDER)
    path, body = spoken(TRANSFER, NONE, "request", PROVIDER, stranger)
    before = await desk.stored()
    status, answer = await desk.send(path, body, stranger)
    assert (status, answer["code"]) == (400, "unacceptable")
    absent = {**body, "agreementId": AGREEMENT_URN + "00" * 32}
    reason = (await desk.send(path, absent, stranger))[1]["reason"][0]
    assert reason.replace("00" * 32, SIGNED) == answer["reason"][0]
    assert await desk.stored() == before
