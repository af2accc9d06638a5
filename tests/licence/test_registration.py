"""Whose key a filed contract is sealed under, and what is made of a register that lies: one party, and an exchange."""

from __future__ import annotations

import base64
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from connector.licence.filing import Registration
from connector.runtime.errors import Conflict, PeerMisbehaved, PeerRefused, PeerUnreachable
from connector.store.rows.agreement import AgreementRow
from ledger.agreement import filing as filings
from tests.contracts.test_agreement import DOMAIN
from tests.contracts.test_digital_contract import AT
from tests.every import every
from tests.ledger.agreement.test_filing import AGREED, BUYS, CONTRACT, DIGEST, ELSE, PROVIDER, SELLS, key

BUYER = "did:web:buyer.example"
NEXT = X25519PrivateKey.from_private_bytes(b"\x09" * 32)


def public(private):
    return private.public_key().public_bytes_raw()


class Party:
    """A provider with one signed agreement; its space's document names `listed` as the buyer's key."""

    def __init__(self, *, published=BUYS, listed=ELSE, lies=None, own=(SELLS,), former=()):
        self.sent, self.events, self.kept = [], [], {}
        self._published, self._listed, self._lies = published, listed, lies or {}
        self._former = tuple(map(public, former))
        self._row = AgreementRow(
            digest=DIGEST.hex(), role="provider", negotiation="one", peer=BUYER, product="weather",
            terms=AGREED.terms, agreement=AGREED.agreement, odrl=AGREED.odrl, state="performing", created=AT,
            provider_signature=AGREED.signatures[0], buyer_signature=AGREED.signatures[1],
        )  # fmt: skip
        identity = SimpleNamespace(keys=SimpleNamespace(deliveries=own))
        clock = SimpleNamespace(now=lambda: "now")
        core = SimpleNamespace(store=self, identity=identity, evidence=self, clock=clock)
        deployment = SimpleNamespace(domain=lambda _: DOMAIN)
        self.registration = Registration(core, self, self, self, SimpleNamespace(deployment=deployment))

    async def read(self, _act):
        return self._row

    async def write(self, act):
        return act(self)

    def get(self, row, **_key):
        return self.kept.get(row)

    def insert(self, row):
        self.kept[type(row)] = row

    def record(self, _tx, kind, **told):
        self.events.append((kind, told["fields"]))

    async def document(self, _did):
        if self._published is None:
            raise PeerUnreachable("it is down")
        return SimpleNamespace(delivery=self._published and public(self._published), former=self._former)

    async def member(self, _did):
        return SimpleNamespace(delivery=public(self._listed))

    async def ask(self, method, _path, body=None):
        if method == "POST":
            self.sent.append(body)
            if self._lies.get("refuses"):
                raise PeerRefused("no", self._lies["refuses"], b"")
            return {"status": self._lies.get("status", 0)}
        filing = filings.read(self.sent[-1] if self.sent else filings.written(CONTRACT, DIGEST, key()))
        told = {
            "contractId": filing.code, "contractHash": filing.hash, "agreement": DIGEST.hex(), "by": PROVIDER,
            "sealed": base64.b64encode(filing.sealed).decode(),
        }  # fmt: skip
        return told | self._lies.get("tells", {})


async def test_an_exchange_that_lists_a_key_of_its_own_reads_nothing():
    party = Party()
    await party.registration.file(DIGEST.hex())
    [sent] = party.sent
    with pytest.raises(ValueError, match="does not open"):
        filings.read(sent).opened([key(ELSE, SELLS)])
    assert filings.read(sent).opened([key(BUYS, SELLS)]) == CONTRACT
    assert [kind for kind, _ in party.events] == ["contract.filed"]
    await party.registration.file(DIGEST.hex())
    assert len(party.events) == 1


async def test_nothing_is_sealed_for_who_does_not_answer_and_what_lies_there_is_opened():
    with pytest.raises(PeerUnreachable):
        await Party(published=None).registration.file(DIGEST.hex())
    silent = Party(published=None, listed=BUYS)
    assert await silent.registration.open(CONTRACT["contractId"]) == CONTRACT
    nameless = Party()
    nameless.document = lambda _did: _answer(SimpleNamespace(delivery=None))
    with pytest.raises(Conflict, match="no delivery key"):
        await nameless.registration.file(DIGEST.hex())


async def test_what_was_sealed_under_keys_that_both_have_replaced_is_opened_and_filed_under_new_ones():
    party = Party(published=ELSE, former=(BUYS,), own=(NEXT, SELLS))
    assert await party.registration.open(CONTRACT["contractId"]) == CONTRACT
    await party.registration.file(DIGEST.hex())
    assert filings.read(party.sent[-1]).opened([key(NEXT, ELSE)]) == CONTRACT
    silent = Party(published=None, listed=BUYS, own=(NEXT, SELLS))
    assert await silent.registration.open(CONTRACT["contractId"]) == CONTRACT
    with pytest.raises(PeerMisbehaved, match="does not open"):
        await Party(published=ELSE, own=(NEXT, SELLS)).registration.open(CONTRACT["contractId"])


async def _answer(value):
    return value


LIES = {
    "another status": {"status": 1},
    "another code": {"tells": {"contractId": CONTRACT["contractId"][:-1] + "A"}},
    "another hash": {"tells": {"contractHash": "00" * 32}},
    "another filer": {"tells": {"by": "did:web:exchange.example"}},
    "other bytes": {"tells": {"sealed": base64.b64encode(b"others").decode()}},
    "no base64": {"tells": {"sealed": "%"}},
    "no text": {"tells": {"sealed": 5}},
}


@every("lie", sorted(LIES))
async def test_a_register_that_lies_is_not_believed(lie):
    party = Party(lies=LIES[lie])
    with pytest.raises(PeerMisbehaved):
        await party.registration.file(DIGEST.hex())
    assert party.events == []


async def test_another_contract_than_was_asked_for_is_none():
    with pytest.raises(PeerMisbehaved, match="otherwise"):
        await Party().registration.open("84ZZ")


async def test_what_the_exchange_refuses_is_said_and_what_is_filed_already_is_looked_at():
    with pytest.raises(PeerRefused):
        await Party(lies={"refuses": 400}).registration.file(DIGEST.hex())
    party = Party(lies={"refuses": 409})
    assert (await party.registration.file(DIGEST.hex()))["by"] == PROVIDER
