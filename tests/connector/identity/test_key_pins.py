"""A member whose log's key signed its keys once: whoever only serves its document puts no other key in their place."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
import pytest_asyncio

from connector.identity import did as dids
from connector.identity import jwk, tokens, vouching
from connector.identity.former_log import FormerLogKey
from connector.identity.keys import CREDENTIAL, Signer
from connector.identity.peers import Peers
from connector.identity.space.key_pins import KeyPins
from connector.identity.vouching import LOG_PROOF
from connector.runtime.clock import SetClock
from connector.runtime.errors import PeerUnreachable, TokenError, VerificationFailed
from connector.runtime.limits import DID_FRESH_SECONDS
from connector.store.store import Store
from connector.store.tables import TABLES
from ledger.space.document import SpaceError
from tests.connector.identity.test_peers import Documents
from tests.connector.identity.test_tokens import BUYER, KEYS, NOW, PROVIDER, make_keys, signer, token

THIEF = make_keys(77)


def listed(key, *former):
    """Be a member as the space has it, as far as its log goes."""
    return SimpleNamespace(log_key=key, log_keys=frozenset({key, *former}))


MEMBER = listed(KEYS[BUYER].log_public)
BUILT = dids.build(BUYER, "https://x", KEYS[BUYER], None, exchange=True)
ALIEN = dids.build(BUYER, "https://x", THIEF, None, exchange=True)


@pytest_asyncio.fixture
async def store(tmp_path):
    made = await Store.open(tmp_path / "p.sqlite", TABLES)
    yield made
    await made.close()


class Provider:
    """One who asks for documents, and what it knows of the space."""

    def __init__(self, store, *, demanded=False):
        self.documents, self.clock, self.members = Documents(), SetClock(NOW), {BUYER: MEMBER}
        self.peers = Peers(PROVIDER, lambda: signer(PROVIDER), self.documents, self.clock, development=True)
        self.fault = None
        KeyPins(store, self, self.peers, demanded=demanded)

    async def member(self, did):
        """Be the space's view."""
        if self.fault is not None:
            raise self.fault
        return self.members.get(did)

    async def reads(self, document):
        """Return the buyer's document as it counts when this one is served."""
        self.documents.served[BUYER] = document
        return await self.peers.document(BUYER, fresher_than=0)


@pytest.fixture
def provider(store):
    return Provider(store)


def without(document, *names):
    """Return a document in which keys of these names bear no signature."""
    changed = copy.deepcopy(document)
    for method in changed["verificationMethod"]:
        if method["id"].rpartition("#")[2] in names:
            method["publicKeyJwk"].pop(LOG_PROOF)
    return changed


def with_key(relation, name, key):
    """Return the true document with a thief's key beside the others, for a relationship."""
    changed = copy.deepcopy(BUILT)
    method = {"id": f"{BUYER}#{name}", "type": "JsonWebKey2020", "controller": BUYER, "publicKeyJwk": key}
    changed["verificationMethod"].append(method)
    changed[relation].append(method["id"])
    return changed


STOLEN = {
    "a token key": with_key("authentication", "token-2", THIEF.public("token")),
    "a key that may be used": with_key("capabilityInvocation", "token-2", THIEF.public("token")),
    "a key of credentials": with_key("assertionMethod", "credential-2", THIEF.public(CREDENTIAL)),
    "a key of another curve": with_key("authentication", "own", jwk.of_bytes(THIEF.log_public, "Ed25519")),
    "another log beside it": with_key("assertionMethod", "own-log", jwk.of_bytes(THIEF.log_public, "Ed25519")),
    "a key without its signature": without(BUILT, "token"),
    "an account without its signature": without(BUILT, "agreement"),
    "all keys another's": ALIEN,
    "no keys": {"id": BUYER},
}


@pytest.mark.parametrize("name", STOLEN)
async def test_a_pinned_member_s_document_with_another_key_does_not_count(provider, name):
    await provider.reads(BUILT)
    with pytest.raises(VerificationFailed, match="has not signed"):
        await provider.reads(STOLEN[name])
    assert (await provider.reads(BUILT)).unvouched == frozenset(), "it goes on when the right one is served"


@pytest.mark.parametrize("fault", [None, PeerUnreachable("no answer"), SpaceError("two heads")])
@pytest.mark.parametrize("name", STOLEN)
async def test_a_pin_outlives_a_start_and_that_the_member_is_not_known(provider, store, name, fault):
    await provider.reads(BUILT)
    again = Provider(store)
    again.members.clear()
    again.fault = fault
    with pytest.raises(VerificationFailed, match="has not signed"):
        await again.reads(STOLEN[name])


async def test_a_thief_of_the_address_proves_nothing_with_a_key_of_its_own(provider):
    await provider.reads(BUILT)
    provider.documents.served[BUYER] = STOLEN["a token key"]
    thief = Signer(THIEF.token, f"{BUYER}#token-2")
    with pytest.raises(TokenError, match="has not signed"):
        await provider.peers.prove("Bearer " + tokens.issue(thief, PROVIDER, NOW))
    assert (await provider.peers.prove("Bearer " + token())).issuer == BUYER, "what was read before counts for a while"
    provider.clock.move(DID_FRESH_SECONDS)
    with pytest.raises(TokenError, match="has not signed"):
        await provider.peers.prove("Bearer " + token())


@pytest.mark.parametrize("name", STOLEN)
async def test_without_a_pin_a_document_counts_as_it_is(provider, name):
    assert (await provider.reads(STOLEN[name])).id == BUYER


@pytest.mark.parametrize("name", STOLEN)
async def test_where_all_must_sign_the_first_document_of_a_member_is_refused(store, name):
    provider = Provider(store, demanded=True)
    with pytest.raises(VerificationFailed, match="has not signed"):
        await provider.reads(STOLEN[name])
    assert (await provider.reads(BUILT)).unvouched == frozenset()
    provider = Provider(store, demanded=True)
    provider.documents.served[PROVIDER] = {"id": PROVIDER}
    assert (await provider.peers.document(PROVIDER)).id == PROVIDER, "who is no member has no log that signs"


@pytest.mark.parametrize("known", [None, listed(THIEF.log_public)])
async def test_who_is_no_member_or_another_one_in_the_space_is_not_pinned(provider, known):
    provider.members.clear()
    if known:
        provider.members[BUYER] = known
    await provider.reads(BUILT)
    await provider.reads(STOLEN["a token key"])


async def test_the_space_stands_above_what_was_kept(provider):
    """A development space founded anew has other keys under the same names."""
    await provider.reads(BUILT)
    provider.members[BUYER] = listed(THIEF.log_public)
    assert (await provider.reads(ALIEN)).log == THIEF.log_public
    with pytest.raises(VerificationFailed, match="has not signed"):
        await provider.reads(BUILT)


async def test_a_rotation_is_signed_by_the_log_and_followed(provider):
    await provider.reads(BUILT)
    keys = replace(KEYS[BUYER], token=THIEF.token)
    document = await provider.reads(dids.build(BUYER, "https://x", keys, None, exchange=True))
    assert document.token_keys[f"{BUYER}#token"] == THIEF.token.public_key()


def followed_by(keys, coming):
    """Return keys whose log goes on under another key, for which the present one has signed."""
    proof = vouching.proof(BUYER, keys.log, jwk.of_bytes(coming.log_public, "Ed25519"))
    was = FormerLogKey(keys.log_public, 9, NOW, keys.hybrid, proof)
    return replace(keys, log=coming.log, log_former=(was, *keys.log_former))


async def test_a_log_s_next_key_is_followed_where_the_former_one_has_signed_it(provider):
    """Also before the space has it, which an exchange learns from this very document."""
    await provider.reads(BUILT)
    keys = followed_by(KEYS[BUYER], make_keys(78))
    document = dids.build(BUYER, "https://x", keys, None, exchange=True)
    assert (await provider.reads(document)).log == keys.log_public
    with pytest.raises(VerificationFailed, match="has not signed"):
        await provider.reads(without(document, "log"))
    with pytest.raises(VerificationFailed, match="has not signed"):
        await provider.reads(dids.build(BUYER, "https://x", followed_by(THIEF, make_keys(78)), None, exchange=True))
    # when the space has it, too, the document of before is no longer its own, read or not
    provider.members[BUYER] = listed(keys.log_public, KEYS[BUYER].log_public)
    with pytest.raises(VerificationFailed, match="has not signed"):
        await provider.reads(STOLEN["a token key"])
    assert (await provider.reads(document)).log == keys.log_public
    with pytest.raises(VerificationFailed, match="has not signed"):
        await provider.reads(BUILT)


def test_every_key_of_ours_that_proves_something_bears_the_signature():
    document = dids.parse(json.dumps(BUILT).encode(), BUYER)
    assert document.unvouched == frozenset()
    assert len(document.token_keys) == 1
    stripped = dids.parse(json.dumps(without(BUILT, "token", "agreement", "credential")).encode(), BUYER)
    assert stripped.unvouched == {f"{BUYER}#{name}" for name in ("token", "agreement", "credential")}
