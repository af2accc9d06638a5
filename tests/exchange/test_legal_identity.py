"""Whose a code is: proven by a credential of that very code, else the holder's word; too little of it is refused."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from connector.exchange.legal_identity import LegalIdentity, Proof
from connector.operation.dcp.presented import Presented
from connector.operation.dcp.trust import Demands
from connector.runtime import settings
from connector.runtime.clock import SetClock
from connector.runtime.errors import NotPermitted, PeerUnreachable, VerificationFailed
from contracts.credential import model
from contracts.credential.kinds import LEGAL_PERSON
from tests.connector.identity.test_tokens import NOW
from tests.contracts.credential.test_claims import CODE, LEGAL
from tests.every import every

ISSUER, PEER = "did:web:issuer.example", "did:web:peer.example"
AT = {"server.public_url": "https://us.example"}


def subjects(least, *shown, fault=None):
    """Return what asks a holder that shows credentials of these (issuer, claims), or of whom `fault` comes."""
    told = settings.build(AT | {"trust.issuers": (f"{ISSUER} {LEGAL_PERSON}",)})

    async def ask(claims, types):
        assert (claims.issuer, types) == (PEER, (LEGAL_PERSON,))
        if fault is not None:
            raise fault
        made = [model.Credential("", (LEGAL_PERSON,), issuer, PEER, said, NOW, None) for issuer, said in shown]
        return Presented(tuple((SimpleNamespace(digest=f"{number:064}"), one) for number, one in enumerate(made)))

    verifier = SimpleNamespace(asking=SimpleNamespace(ask=ask), demands=Demands(told.trust, lambda: ""))
    return LegalIdentity(SimpleNamespace(clock=SetClock(NOW)), verifier, least, "node")


async def asked(made):
    return await made.proof(SimpleNamespace(issuer=PEER), CODE)


async def test_a_credential_of_the_very_code_proves_it_and_the_best_of_several_counts():
    found = await asked(subjects(2, (ISSUER, LEGAL | {"level": "1"}), (ISSUER, LEGAL | {"level": 3})))
    assert found.level == 3
    assert len(found.digest) == 64


async def test_who_names_no_subject_is_whom_its_credential_names():
    made = subjects(0, (ISSUER, LEGAL | {"level": "2"}))
    found = await made.proof(SimpleNamespace(issuer=PEER))
    assert found.json() == {"level": "2", "name": LEGAL["legalName"], "code": CODE, "credential": "0" * 64}
    assert (await subjects(0).proof(SimpleNamespace(issuer=PEER))).json() == {"level": "0"}


UNPROVEN = {
    "nothing": subjects(0),
    "of another code": subjects(0, (ISSUER, LEGAL | {"unifiedSocialCreditCode": "914403001922038216"})),
    "of nobody whom the node believes": subjects(0, (PEER, LEGAL)),
    "who has no credentials": subjects(0, fault=VerificationFailed("its DID document has no `CredentialService`")),
    "who does not answer": subjects(0, fault=PeerUnreachable("nobody answers")),
}


@every("name", UNPROVEN)
async def test_anything_else_is_the_holder_s_word(name):
    assert await asked(UNPROVEN[name]) == Proof()


TOO_LITTLE = {
    "nothing": (subjects(1), "said by its holder"),
    "a lower level": (subjects(3, (ISSUER, LEGAL | {"level": "2"})), "documents were seen"),
    "why": (subjects(1, fault=VerificationFailed("its token has no `token`")), "its token has no `token`"),
}


@every("name", TOO_LITTLE)
async def test_where_a_level_is_demanded_less_is_refused_and_says_why(name):
    made, words = TOO_LITTLE[name]
    with pytest.raises(NotPermitted, match=words):
        await asked(made)


async def test_who_does_not_answer_where_it_must_is_asked_later():
    with pytest.raises(PeerUnreachable):
        await asked(subjects(1, fault=PeerUnreachable("nobody answers")))
