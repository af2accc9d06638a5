"""Any message, changed in any way: a legal move or a typed refusal, and a refusal changes no row.

PENSTOCK_TEST_MUTATIONS says how many changes are tried; 3,000 take a minute.
"""

from __future__ import annotations

import json

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from catalog.codes import TIERS
from connector.identity import did as dids
from connector.identity import keys as key_files
from connector.negotiation.doors import Peer
from connector.negotiation.protocol import messages, states, validation
from tests.hostile.host import AT, EDITION
from tests.hostile.mutations import DIGEST, EXAMPLES, cells, mutated
from tests.hostile.public import PRODUCT, offered, public, watched
from tests.negotiation.cells import stored
from tests.protocol.test_messages import AGREED

pytestmark = pytest.mark.asyncio(loop_scope="session")

PROCESSES = ("negotiations", "transfers", "agreements", "outbox", "received")
KEPT = (*PROCESSES, "tokens_seen", "log_entries", "peer_heads", "chain_txs")
# what we may agree to: a buyer's limits, or those of a product
MANDATES = {
    states.CONSUMER: {"bid": 50, "limit": 200, "rounds": 8},
    states.PROVIDER: {"ask": "110", "floor": "1", "rounds": 8, "units": 1000},
}
TABLE_OF = {states.NEGOTIATION: "negotiations", states.TRANSFER: "transfers"}
CALLBACK = "https://harmless.example/dsp"
# the sender's log is looked at for what a checkpoint claims, and cannot be had here: "come again", and nothing changed
LATER = (503, "peer-unreachable")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ours(tmp_path_factory):
    """The connector, and its one peer: itself, a member with keys and a log."""
    with watched():
        async with public(tmp_path_factory.mktemp("mutations") / "data") as made:
            made.keys = key_files.load(made.data / "keys")
            did = made.connector.did
            document = dids.parse(json.dumps(made.connector.identity.did_document).encode(), did)
            made.bearer = made.know(did, made.keys, document)
            made.peer = Peer(did, document.agreement)
            note = await made.connector.heads.riding(did)
            made.cells = cells(first(), note)
            yield made


def first():
    offer = offered()
    return {
        (states.NEGOTIATION, "request"): messages.contract_request(
            consumer_pid="urn:uuid:new", offer=offer, callback=CALLBACK
        ),
        (states.NEGOTIATION, "offer"): messages.contract_offer(
            provider_pid="urn:uuid:new", offer=offer, callback=CALLBACK
        ),
        (states.TRANSFER, "request"): messages.transfer_request(
            "urn:uuid:new", "urn:penstock:agreement:" + DIGEST, TIERS["kept"].formats[0], CALLBACK
        ),
    }


def agreement(peer, role):
    terms = offered()["https://w3id.org/penstock/ns/terms"] | {"policy": {"permission": [{"action": "use"}]}}
    about = {"digest": DIGEST, "role": role, "negotiation": "urn:uuid:old", "peer": peer.did, "product": PRODUCT}
    return about | {"edition": EDITION, "terms": terms, "odrl": {}, "state": "signed", "created": AT}


def place(tx, cell, peer):
    """Leave nothing but the process that the message is about, in the state in which the message is legal."""
    for table in PROCESSES:
        tx.execute(f"DELETE FROM {table}")
    if cell.process == states.TRANSFER:
        tx.insert("agreements", **agreement(peer, cell.role))
    if cell.state == states.NONE:
        return
    row = stored(cell.process, cell.state, cell.role, peer, AT, CALLBACK)
    if cell.process == states.NEGOTIATION:
        row |= {"product": PRODUCT, "mandate": MANDATES[cell.role]}
        if cell.state == states.AGREED and cell.role == states.PROVIDER:
            terms = row["terms"] | {"salt": "00" * 32}
            row |= {"peer_address": None, "agreement": AGREED, "terms": terms}  # with a peer that signs nothing of ours
    tx.insert(TABLE_OF[cell.process], **row)


async def put(ours, cell, body):
    """Place the process, send the body; return (before, answer, after)."""
    await ours.connector.store.write(lambda tx: place(tx, cell, ours.peer))
    before = await ours.rows(*KEPT)
    said = await ours.say("POST", cell.path, body, ours.bearer())
    return before, said, await ours.rows(*KEPT)


async def test_every_honest_message_is_a_legal_move(ours):
    """The table of moves is whole, and the property below starts from messages that are taken."""
    assert len(ours.cells) >= len(states.NEXT)
    for cell in ours.cells:
        _, said, after = await put(ours, cell, json.dumps(cell.body).encode())
        assert said.status == (201 if cell.state == states.NONE else 200), (cell, said)
        assert said.json["state"] == cell.follows
        assert len(after[TABLE_OF[cell.process]]) == 1


@given(st.data())
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
async def test_any_change_is_a_legal_move_or_a_typed_refusal(ours, data):
    cell = data.draw(st.sampled_from(ours.cells))
    before, said, after = await put(ours, cell, data.draw(mutated(cell.body)))
    assert said.headers["Content-Type"].startswith("application/json")
    event(f"{said.status} {said.json.get('code', '')}")
    if said.status in (200, 201):
        assert validation.agrees(messages.ACK_OF[cell.process], said.json)
        assert said.json["state"] == cell.follows
        return
    assert 400 <= said.status < 500 or (said.status, said.json["code"]) == LATER, said
    assert validation.agrees(messages.ERROR_OF[cell.process], said.json), said
    assert said.json["reason"]
    assert after == before
