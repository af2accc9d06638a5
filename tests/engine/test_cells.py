"""Every state, message and role, through the engine: what is legal moves the row once, what is not changes no table."""

import asyncio
import itertools
from datetime import timedelta

import orjson
import pytest

from connector.engine.doors import Peer
from connector.protocol import messages, offers, states
from tests.engine.world import PRODUCT, START, Party, edition, listed_offer, product, product_terms

THEIRS = "urn:uuid:theirs"
OURS = "urn:uuid:ours"
DIGEST = "ab" * 32
PEER = Peer("did:web:peer", b"\x05" * 20)
STRANGER = Peer("did:web:stranger", b"\x06" * 20)
TABLES_OF = {states.NEGOTIATION: "negotiations", states.TRANSFER: "transfers"}


def negotiation_row(state, role):
    terms = product_terms() | {"policy": offers.rules(product()["policy"])}
    prices = {"own_price": 100, "their_price": 90, "price": 95, "rounds": 2, "mandate": None}
    about = {
        "product": PRODUCT,
        "offer": listed_offer(),
        "terms": terms,
        "digest": DIGEST,
        "peer_address": PEER.address,
    }
    return about | prices | common(states.NEGOTIATION, state, role)


def transfer_row(state, role):
    return {"agreement": DIGEST, "format": "f", "address": None} | common(states.TRANSFER, state, role)


def common(process, state, role):
    deadline = None if state in states.FINAL else START + timedelta(days=300)
    told = {"state": state, "pending": "", "turn": states.turn(process, state), "reason": "", "deadline": deadline}
    about = {"id": OURS, "peer_pid": THEIRS, "role": role, "peer": PEER.did, "callback": "http://nowhere/dsp"}
    return about | told | {"created": START, "updated": START}


def body_of(process, message, ours, theirs, role):
    """A valid message of the peer; `role` is ours."""
    provider, consumer = (ours, theirs) if role == states.PROVIDER else (theirs, ours)
    if process == states.TRANSFER:
        return {
            "request": lambda: messages.transfer_request(theirs, "urn:a", "f", "http://nowhere"),
            "start": lambda: messages.transfer_start(provider, consumer, messages.data_address("http://d", {})),
            "completion": lambda: messages.transfer_completion(provider, consumer),
            "suspension": lambda: messages.ending(process, message, provider, consumer, reasons=["pause"]),
            "termination": lambda: messages.ending(process, message, provider, consumer, reasons=["no more"]),
        }[message]()
    agreement = {"@id": "urn:a", "@type": "Agreement", "target": PRODUCT, "assigner": "p", "assignee": "c"}
    return {
        "request": lambda: messages.contract_request(
            consumer_pid=consumer, provider_pid=provider, offer=listed_offer()
        ),
        "offer": lambda: messages.contract_offer(provider_pid=provider, consumer_pid=consumer, offer=listed_offer()),
        "accept": lambda: messages.event("accept", provider, consumer),
        "agreement": lambda: messages.contract_agreement(
            provider, consumer, agreement | {"permission": [{"action": "use"}]}
        ),
        "verification": lambda: messages.verification(provider, consumer),
        "finalize": lambda: messages.event("finalize", provider, consumer),
        "termination": lambda: messages.ending(process, message, provider, consumer, reasons=["no more"]),
    }[message]()


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
    row = negotiation_row(state, role) if process == states.NEGOTIATION else transfer_row(state, role)

    def act(tx):
        for table in ("negotiations", "transfers", "outbox", "received", "agreements"):
            tx.execute(f"DELETE FROM {table}")
        tx.insert(TABLES_OF[process], **row)

    await party.store.write(act)


@pytest.mark.parametrize("process", list(TABLES_OF))
async def test_every_cell(party, process):
    legal = 0
    for state, message, role in itertools.product(states.STATES[process][1:], states.MESSAGES[process], states.ROLES):
        if process == states.TRANSFER and message == "request":
            continue  # it has no path of an existing transfer
        await place(party, process, state, role)
        before = await everything(party)
        body = body_of(process, message, OURS, THEIRS, role)
        following = states.following(process, state, message, states.other(role))
        reply = await send(party, process, message, OURS, body)
        after = await everything(party)
        if following is None:
            assert reply.status == 400, (state, message, role)
            assert reply.body["@type"] == messages.ERROR_OF[process]
            assert reply.body["code"] == "illegal-transition"
            assert after == before, (state, message, role)
        else:
            legal += 1
            assert (reply.status, reply.body["state"]) == (200, following), (state, message, role)
            assert after[TABLES_OF[process]][0]["state"] == following
            again = await send(party, process, message, OURS, body)
            if states.following(process, following, message, states.other(role)) is None:
                assert again == reply
                assert await everything(party) == after, "a repeat changes nothing"
    assert legal == sum(key[0] == process and key[1] != "" for key in states.NEXT)


@pytest.mark.parametrize("process", list(TABLES_OF))
@pytest.mark.parametrize("role", states.ROLES)
async def test_a_stranger_sees_what_an_absent_process_shows(party, process, role):
    await place(party, process, states.REQUESTED, role)
    before = await everything(party)
    body = body_of(process, "termination", OURS, THEIRS, role)
    theirs = await send(party, process, "termination", OURS, body, STRANGER)
    await party.store.write(lambda tx: tx.delete(TABLES_OF[process], id=OURS))
    absent = await send(party, process, "termination", OURS, body, STRANGER)
    assert theirs == absent
    assert absent.status == 404
    assert absent.body["@type"] == messages.ERROR_OF[process]
    assert before["log_entries"] == (await everything(party))["log_entries"]
    view = party.engine.view_negotiation if process == states.NEGOTIATION else party.engine.view_transfer
    assert (await view(OURS, STRANGER)).status == 404


@pytest.mark.parametrize("process", list(TABLES_OF))
async def test_the_peer_sees_its_process(party, process):
    view = party.engine.view_negotiation if process == states.NEGOTIATION else party.engine.view_transfer
    for role in states.ROLES:
        await place(party, process, states.REQUESTED, role)
        reply = await view(OURS, PEER)
        ours, theirs = ("providerPid", "consumerPid")[:: 1 if role == states.PROVIDER else -1]
        assert reply.status == 200
        assert (reply.body["state"], reply.body[ours], reply.body[theirs]) == ("REQUESTED", OURS, THEIRS)


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
    body = body_of(states.NEGOTIATION, "termination", OURS, THEIRS, states.PROVIDER) | WRONG[name]
    reply = await send(party, states.NEGOTIATION, "termination", OURS, body)
    assert reply.status == 400
    assert await everything(party) == before


def first_request(**changes):
    offer = listed_offer()
    return messages.contract_request(consumer_pid=THEIRS, offer=offer, callback="http://nowhere/dsp") | changes


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
    body = body_of(states.NEGOTIATION, "accept", OURS, THEIRS, states.PROVIDER)
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

    body = body_of(states.NEGOTIATION, "termination", OURS, THEIRS, states.PROVIDER)
    with pytest.raises(SpentError):
        await party.engine.receive_negotiation_message(body["@type"], OURS, orjson.dumps(body), PEER, spent)
    with pytest.raises(SpentError):
        await party.engine.view_negotiation(OURS, PEER, spent)
    assert await everything(party) == before
    assert await party.rows("tokens_seen") == []
