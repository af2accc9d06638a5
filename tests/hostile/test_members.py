"""What members and strangers say beside the Dataspace Protocol, changed in any way: answered, never our mistake."""

from __future__ import annotations

import json

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from connector.channel import wire
from connector.exchange import handed_in, listings
from connector.runtime.errors import explain_failure
from connector.store.evidence import Evidence
from connector.store.store import Store
from connector.store.tables import TABLES
from contracts.canonical import load
from tests.hostile.host import AT, CHANNEL, HOST, SEALED, TRANSFER
from tests.hostile.mutations import EXAMPLES, mutated
from tests.hostile.test_authorization import in_channel

pytestmark = pytest.mark.asyncio(loop_scope="session")

CALLER = "did:web:caller.example"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def books(tmp_path_factory):
    """A database and a log of an exchange."""
    store = await Store.open(tmp_path_factory.mktemp("books") / "exchange.db", TABLES)
    owner = {"owner": X25519PrivateKey.generate().public_key().public_bytes_raw()}
    yield store, Evidence("did:web:exchange.example", "exchange.example/log", Ed25519PrivateKey.generate(), owner)
    await store.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def submission(host):
    """What the host once submitted to itself; read once, for what is taken in of a change is submitted from then on."""
    listing = next(row for row in host.rows(HOST, "listings") if row["id"] == SEALED)
    told = {name: json.loads(listing[name]) for name in ("dataset", "offer", "header")}
    return told | {name: listing[name] for name in ("id", "title", "tier", "edition")}


def others(host, submission):
    """Return (path, whose header, honest body) of what a member and a stranger say beside it."""
    heads = {"heads": [{"origin": "nobody/log", "size": "1", "root": "00" * 32}]}
    talk = {what: wire.encode(in_channel(what)) for what in ("request", "voucher", "acknowledge", "resume")}
    return [
        *((f"/channel/{CHANNEL}/{what}", False, body | {wire.CHECKPOINT: None}) for what, body in talk.items()),
        ("/exchange/products", True, submission),
        ("/witness/attest", True, heads),
        (f"/sealed/{host.edition}/ticket", False, {"transfer": TRANSFER}),
        (f"/review/{host.edition}", True, {"seed": "00" * 32, "reader": "00" * 32}),
        ("/rpc", None, {"jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber", "params": ["latest", False]}),
    ]


@given(st.data())
@settings(max_examples=EXAMPLES // 2, suppress_health_check=list(HealthCheck))
async def test_any_change_of_what_else_is_said_is_answered(host, say, stranger, submission, data):
    path, of_member, honest = data.draw(st.sampled_from(others(host, submission)))
    header = {None: dict, True: lambda: host.member, False: lambda: stranger.bearer(host.identity)}[of_member]()
    entries = len(host.rows(HOST, "log_entries"))
    said = await say("POST", path, data.draw(mutated(honest)), header)
    event(f"{path.split('/')[1]} {said.status}")
    assert said.status < 500, (path, said)
    assert said.json.get("code") != "unexpected" if isinstance(said.json, dict) else path == "/rpc"
    if said.status >= 400:
        assert len(host.rows(HOST, "log_entries")) == entries


class UndoneError(Exception):
    """The act was possible, and is taken back."""


@given(st.data())
@settings(max_examples=EXAMPLES // 2, suppress_health_check=list(HealthCheck))
async def test_a_new_submission_is_taken_in_whole_or_refused(books, submission, data):
    """What is taken in can be shown and found, so one listing never spoils a page of them."""
    store, evidence = books
    document = data.draw(mutated(submission))

    def act(tx):
        row = listings.submit(tx, evidence, handed_in.listing(load(document)), CALLER, AT)
        tx.update("listings", {"id": row.id}, state="listed")
        listings.view(row)
        listings.indexed(listings.find(tx, row.id))
        raise UndoneError

    with pytest.raises(Exception) as caught:  # its kind is judged below
        await store.write(act)
    event(type(caught.value).__name__)
    assert isinstance(caught.value, UndoneError) or explain_failure(caught.value).status < 500, caught.value
