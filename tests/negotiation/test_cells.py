"""What a peer may get wrong beside the state: the engine refuses it and no table changes. The cells are tests/api's."""

import asyncio
from dataclasses import replace

import orjson
import pytest

from connector.negotiation.doors import Peer
from connector.negotiation.protocol import messages, states
from connector.negotiation.protocol.offers import offer_id
from tests.negotiation.cells import OURS, TABLES_OF, THEIRS, first, said, stored
from tests.negotiation.world import START, Party, edition, listed_offer, product

PEER = Peer("did:web:peer", b"\x05" * 20)
STRANGER = Peer("did:web:stranger", b"\x06" * 20)


async def everything(party):
    tables = ("negotiations", "transfers", "agreements", "outbox", "received", "log_entries", "log_hashes")
    return {table: await party.store.read(lambda tx, t=table: tx.execute(f"SELECT * FROM {t}")) for table in tables}


async def send(party, process, message, pid, body, peer=PEER):
    receive = party.engine.receive_negotiation_message
    if process == states.TRANSFER:
        receive = party.engine.receive_transfer_message
    return await receive(messages.TYPE_OF[process, message], pid, orjson.dumps(body), peer)


@pytest.fixture
async def party(network, clock, tmp_path):
    """A participant that holds in every state, so that only the message under test moves anything."""
    party = await Party("us", network, clock, tmp_path, reactions={}).open()
    yield party
    await party.close()


async def place(party, process, state, role):
    row = stored(process, state, role, PEER, START)

    def act(tx):
        for table in ("negotiations", "transfers", "outbox", "received", "agreements"):
            tx.execute(f"DELETE FROM {table}")
        tx.insert(TABLES_OF[process], **row)

    await party.store.write(act)


BROKEN = {
    "not json": b"{",
    "twice": b'{"@type":"a","@type":"b"}',
    "not a number": b'{"a":NaN}',
    "surrogate": b'{"a":"\\ud800"}',
    "deep": b"[" * 100 + b"]" * 100,
    "huge": b'"' + b"x" * 300_000 + b'"',
    "big integer": b'{"a":' + b"9" * 10_000 + b"}",
    "array": b"[]",
    "nothing": b"",
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_body_is_answered_and_changes_nothing(party, name):
    await place(party, states.NEGOTIATION, states.REQUESTED, states.PROVIDER)
    before = await everything(party)
    for kind, pid in (("ContractRequestMessage", None), ("ContractNegotiationTerminationMessage", OURS)):
        reply = await party.engine.receive_negotiation_message(kind, pid, BROKEN[name], PEER)
        assert (reply.status, reply.body["code"]) == (400, "malformed")
    assert await everything(party) == before


WRONG = {
    "our id": {"providerPid": "urn:uuid:other"},
    "their id": {"consumerPid": "urn:uuid:other"},
    "context": {"@context": "https://w3id.org/dspace/2025/1/context.jsonld"},
    "other context": {"@context": ["https://w3id.org/dspace/2024/1/context.json"]},
    "type": {"@type": "ContractAgreementMessage"},
    "reasons": {"reason": []},
    "only dots": {"consumerPid": ".."},
    "no id": {"consumerPid": ""},
    "long id": {"consumerPid": "x" * 2000},
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_message_that_contradicts_the_process_changes_nothing(party, name):
    await place(party, states.NEGOTIATION, states.REQUESTED, states.PROVIDER)
    before = await everything(party)
    body = said(states.NEGOTIATION, "termination", OURS, THEIRS, states.PROVIDER) | WRONG[name]
    reply = await send(party, states.NEGOTIATION, "termination", OURS, body)
    assert reply.status == 400
    assert await everything(party) == before


def first_request(**changes):
    return first(states.NEGOTIATION, "request", THEIRS, "http://nowhere/dsp") | changes


REFUSED_FIRST = {
    "unknown offer": {"offer": listed_offer() | {"@id": "urn:other#offer"}},
    "offer of another product": {"offer": listed_offer() | {"target": "urn:other"}},
    "callback": {"callbackAddress": "ftp://nowhere"},
    "two prices": {"offer": listed_offer() | {"obligation": listed_offer()["obligation"] * 2}},
    "price against terms": {
        "offer": listed_offer()
        | {
            "obligation": [
                {
                    "action": "compensate",
                    "constraint": [{"leftOperand": "payAmount", "operator": "eq", "rightOperand": "1"}],
                }
            ]
        }
    },
    "terms no object": {"offer": listed_offer() | {"https://w3id.org/penstock/ns/terms": "x"}},
    "tariff": {"offer": listed_offer() | {"https://w3id.org/penstock/ns/terms": {"tariff": {"minor": "-1"}}}},
    "no terms": {"offer": {k: v for k, v in listed_offer().items() if "penstock" not in k}},
}


@pytest.mark.parametrize("name", REFUSED_FIRST)
async def test_a_first_request_for_what_is_not_on_offer_creates_nothing(party, name):
    await party.store.write(lambda tx: (tx.insert("products", **product()), tx.insert("editions", **edition())))
    before = await everything(party)
    reply = await send(party, states.NEGOTIATION, "request", None, first_request(**REFUSED_FIRST[name]))
    assert reply.status == 400
    assert reply.body["consumerPid"] == THEIRS
    assert await everything(party) == before


async def asked_for(party, row, **offer):
    """Put a product on the shelf and ask for it; return the answer."""
    await party.store.write(lambda tx: (tx.insert("products", **row), tx.insert("editions", **edition())))
    before = await everything(party)
    reply = await send(party, states.NEGOTIATION, "request", None, first_request(offer=listed_offer() | offer))
    assert (reply.status == 201) is (await everything(party) != before), "a refusal leaves nothing behind"
    return reply


SOLD, KEPT_BACK = ("registered", "submitted", "unlisted", "renewing"), ("draft", "sealed", "withdrawn")


@pytest.mark.parametrize("state", [*SOLD, *KEPT_BACK])
async def test_only_what_is_on_offer_is_sold(party, state):
    assert (await asked_for(party, product(state=state))).status == (201 if state in SOLD else 400)


async def test_what_a_peer_may_not_see_is_not_sold_to_it(party):
    negotiations, looked = party.engine.negotiations, []

    def sees(tx, row, did):
        looked.append((row.id, did))
        return False

    negotiations._doors = replace(negotiations._doors, sees=sees)
    assert (await asked_for(party, product())).status == 400
    assert looked == [(product()["id"], PEER.did)]


@pytest.mark.parametrize(
    ("own", "asked", "status"),
    [
        (None, offer_id(product()["id"]), 201),
        (None, "CONTRACT:7", 400),
        (None, product()["id"], 400),
        ("CONTRACT:7", "CONTRACT:7", 201),
        ("CONTRACT:7", "CONTRACT:8", 400),
        ("CONTRACT:7", offer_id(product()["id"]), 400),
    ],
)
async def test_a_product_is_sold_under_the_id_of_its_offer_alone(party, own, asked, status):
    assert (await asked_for(party, product(offer=own), **{"@id": asked})).status == status


async def test_a_repeated_first_request_opens_one_negotiation_and_gets_one_answer(party):
    await party.store.write(lambda tx: (tx.insert("products", **product()), tx.insert("editions", **edition())))
    first = await send(party, states.NEGOTIATION, "request", None, first_request())
    assert (first.status, first.body["state"]) == (201, "REQUESTED")
    before = await everything(party)
    repeats = await asyncio.gather(
        *(send(party, states.NEGOTIATION, "request", None, first_request()) for _ in "12345")
    )
    assert repeats == [first] * 5
    other = await send(party, states.NEGOTIATION, "request", None, first_request(**{"urn:x": 1}))
    assert (other.status, other.body["code"]) == (400, "mismatch")
    assert await everything(party) == before
    another = await send(party, states.NEGOTIATION, "request", None, first_request(), STRANGER)
    assert another.status == 201, "an id belongs to the peer that chose it"
    assert len(await party.rows("negotiations")) == 2


async def test_a_message_that_cannot_begin_a_process_begins_none(party):
    body = said(states.NEGOTIATION, "accept", OURS, THEIRS, states.PROVIDER)
    reply = await send(party, states.NEGOTIATION, "accept", None, body)
    assert reply.status == 400
    counter = messages.contract_request(consumer_pid=THEIRS, provider_pid=OURS, offer=listed_offer())
    reply = await send(party, states.NEGOTIATION, "request", None, counter)
    assert reply.status == 400


async def test_admission_is_part_of_the_act(party):
    await place(party, states.NEGOTIATION, states.REQUESTED, states.PROVIDER)
    before = await everything(party)

    class SpentError(Exception):
        pass

    def spent(tx):
        tx.insert("tokens_seen", issuer="x", jti="1", expires=START)
        raise SpentError

    body = said(states.NEGOTIATION, "termination", OURS, THEIRS, states.PROVIDER)
    with pytest.raises(SpentError):
        await party.engine.receive_negotiation_message(body["@type"], OURS, orjson.dumps(body), PEER, spent)
    with pytest.raises(SpentError):
        await party.engine.view_negotiation(OURS, PEER, spent)
    assert await everything(party) == before
    assert await party.rows("tokens_seen") == []
