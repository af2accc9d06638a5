"""What credentials prove of a peer for policies: by whom it may be, as long as it holds, and kept over a restart."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from connector.operation.dcp import concealing, jose
from connector.runtime.clock import SetClock
from connector.runtime.errors import Absent, InvalidInput, PeerUnreachable, Unproven
from contracts.credential import model
from contracts.credential.kinds import CERTIFICATION, HANDLING_PERSON, LEGAL_PERSON
from tests.connector.dcp.test_verifier import (
    ISSUER,
    NOW,
    PEER,
    TYPE,
    US,
    Agreed,
    Elsewhere,
    claims,
    credential,
    is_member,
    shown,
    verifying,
)  # fmt: skip
from tests.contracts.credential.test_claims import CODE, LEGAL, PERSON
from tests.every import every

LIST = "https://issuer.example/issuer/status/x/0"
REVOKED = (model.Status("StatusList2021Entry", "revocation", 9, LIST),)
ASKED = {"required": (), "asked": (LEGAL_PERSON, HANDLING_PERSON), "issuers": (f"{ISSUER} *",)}
PROVEN = {"legalForm": "159", "country": "CN", "identityLevel": "3"}


class Everything(Elsewhere):
    """Answers whatever is asked for."""

    async def post(self, url, body, headers, **_options):
        if self.dead:
            raise PeerUnreachable("nobody answers")
        self.asked += 1
        return SimpleNamespace(json=lambda: {"type": "PresentationResponseMessage", "@context": [
            "https://w3id.org/dspace-dcp/v1.0/dcp.jsonld"], "presentation": self.shown})  # fmt: skip


@pytest.fixture
def outside():
    return Everything()


@pytest.fixture
def clock():
    return SetClock(NOW)


def legal(**more):
    return credential(**{"types": (LEGAL_PERSON,), "subject": LEGAL, **more})


def person(**more):
    subject = PERSON | more.pop("subject", {})
    return credential(**{"types": (HANDLING_PERSON,), "subject": subject, **more})


async def test_what_is_shown_is_proven_and_what_it_says_beside_is_not(outside, clock):
    outside.shown = [shown(legal(subject=LEGAL | {"certification": "ISO 9001", "role": "exchange"}))]
    verifier = verifying(outside, clock, **ASKED)
    await verifier.require(claims())
    assert verifier.facts(PEER) == PROVEN
    assert verifier.facts(ISSUER) == {}


async def test_an_issuer_is_believed_about_a_type_alone_whatever_else_its_credential_calls_itself(outside, clock):
    outside.shown = [shown(legal(types=(LEGAL_PERSON, TYPE, CERTIFICATION), subject=LEGAL | {"certification": "x"}))]
    verifier = verifying(outside, clock, **ASKED | {"issuers": (f"{ISSUER} {CERTIFICATION}",)})
    await verifier.require(claims())
    assert verifier.facts(PEER) == {"certification": "x"}
    with pytest.raises(Unproven):
        await verifying(outside, clock, issuers=(f"{ISSUER} {CERTIFICATION}",)).require(claims())


LEFT_OUT = {
    "revoked": lambda: legal(statuses=REVOKED),
    "over": lambda: legal(ends=NOW),
    "with a wrong check character": lambda: legal(subject=LEGAL | {"unifiedSocialCreditCode": CODE[:-1] + "H"}),
    "by another's key": lambda: legal(key=PEER),
    "of its own": lambda: legal(issuer=PEER, kid=f"{PEER}#token", key=PEER, statuses=()),
}


@every("name", LEFT_OUT)
async def test_what_need_not_be_shown_and_does_not_hold_proves_nothing_and_refuses_nobody(name):
    outside = Everything()
    outside.shown, outside.revoked = [shown(LEFT_OUT[name](), credential())], {9}
    trust = ASKED | {"required": (TYPE,), "issuers": (f"{ISSUER} *", f"{PEER} *")}
    verifier = verifying(outside, SetClock(NOW), **trust)
    await verifier.require(claims())
    assert is_member(verifier)
    assert "legalForm" not in verifier.facts(PEER)


async def test_whoever_has_nothing_to_show_is_let_in_and_asked_again_as_soon_as_it_can_show(outside, clock):
    verifier = verifying(outside, clock, **ASKED)
    await verifier.require(claims(access=""))
    outside.shown = [shown(legal())]
    await verifier.require(claims())
    assert (outside.asked, verifier.facts(PEER)) == (1, PROVEN)
    # the mandate is not there yet: it is asked for again, and not with each call
    await verifier.require(claims())
    assert outside.asked == 1
    clock.move(4)
    outside.shown = [shown(legal(), person())]
    await verifier.require(claims())
    assert verifier.facts(PEER) == PROVEN | {"mandate": "buy"}
    outside.dead = True
    await verifier.require(claims())
    assert verifier.facts(PEER) == PROVEN | {"mandate": "buy"}


async def test_a_revocation_takes_what_it_is_of_and_what_runs_is_decided_anew(outside, clock):
    outside.shown = [shown(legal(statuses=REVOKED), credential())]
    verifier = verifying(outside, clock, **ASKED | {"required": (TYPE,)})
    await verifier.require(claims())
    assert outside.touched == ["a1"]
    outside.revoked = {9}
    clock.move(301)
    await verifier.look()
    assert outside.touched == ["a1", "a1"]
    assert (is_member(verifier), "legalForm" in verifier.facts(PEER)) == (True, False)


async def test_a_mandate_ends_when_it_says_and_is_of_the_organisation_that_is_shown(outside, clock):
    soon = {"until": (NOW + timedelta(seconds=60)).isoformat()}
    outside.shown = [shown(legal(), person(subject=soon))]
    verifier = verifying(outside, clock, **ASKED)
    await verifier.require(claims())
    assert verifier.facts(PEER)["mandate"] == "buy"
    clock.move(61)
    assert "mandate" not in verifier.facts(PEER)
    await verifier.look()
    assert outside.touched == ["a1", "a1"]
    for others in ([legal(), person(subject={"organisation": "914403001922038216"})], [person()]):
        outside.shown = [shown(*others)]
        verifier = verifying(outside, clock, **ASKED)
        await verifier.require(claims())
        assert "mandate" not in verifier.facts(PEER)


async def test_what_was_shown_is_known_after_a_restart_and_ends_without_the_peer(outside, clock):
    outside.shown, store = [shown(legal(statuses=REVOKED), person())], Agreed()
    await verifying(outside, clock, store, **ASKED).require(claims())
    again = verifying(outside, clock, store, **ASKED)
    await again.recover()
    assert again.facts(PEER) == PROVEN | {"mandate": "buy"}
    outside.revoked = {9}
    await again.look()
    assert (again.facts(PEER), len(store.rows)) == ({}, 1)


async def test_what_was_shown_is_forgotten(outside, clock):
    outside.shown, store = [shown(legal(), person())], Agreed()
    verifier = verifying(outside, clock, store, **ASKED)
    await verifier.require(claims())
    assert [one["type"] for one in await verifier.forget(PEER)] == [LEGAL_PERSON, HANDLING_PERSON]
    assert (verifier.facts(PEER), verifier.page(), store.rows, outside.touched) == ({}, [], {}, ["a1", "a1"])
    with pytest.raises(Absent):
        await verifier.forget(PEER)


async def test_of_ourselves_what_we_hold_says_it_as_long_as_it_holds(outside, clock):
    verifier = verifying(outside, clock, **ASKED)
    signed = jose.take_apart(legal(holder=US, statuses=REVOKED))
    outside.held.held = ((signed, model.read(signed.payload, NOW)),)
    await verifier.look()
    assert verifier.facts(US) == PROVEN
    outside.revoked = {9}
    clock.move(301)
    await verifier.look()
    assert verifier.facts(US) == {}
    assert verifier.page() == []


def test_a_person_is_named_by_a_reference_that_is_the_same_for_the_same_organisation():
    def of(key, holder, text):
        return concealing.concealed(key, holder, HANDLING_PERSON, {"person": text, "mandate": "buy"})

    made = of(b"key", PEER, "Li Lei 11010519491231002X")
    assert made["mandate"] == "buy"
    assert made == of(b"key", PEER, " Li Lei 11010519491231002X ")
    others = [of(b"other", PEER, "Li Lei 11010519491231002X"), of(b"key", US, "Li Lei 11010519491231002X")]
    assert made["person"] not in [one["person"] for one in others]
    assert of(b"key", PEER, made["person"]) == made
    assert concealing.concealed(b"key", PEER, "AuditCredential", {"person": "Li"}) == {"person": "Li"}
    for text in ("", " ", None, 5, "x" * 600):
        with pytest.raises(InvalidInput):
            of(b"key", PEER, text)
