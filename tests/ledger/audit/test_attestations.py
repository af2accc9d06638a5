"""Attested answers in the audit: named in the provider's log, whole and verified in the buyer's."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contracts import simulated_platform
from contracts.attested import Attested
from contracts.canonical import sha
from contracts.gate import Gate
from contracts.noise import Noise
from contracts.reader_report import ReaderReport
from tests.every import every
from tests.ledger.audit.shelf import event
from tests.ledger.audit.test_computations import (
    AGREEMENT,
    ANSWER,
    BUYER,
    JOB,
    RECEIPT,
    SELLER,
    TRANSFER,
    checked,
    decided,
    served,
    signed,
    started,
)

KEY, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([at]) * 32) for at in (1, 2))
MEASUREMENT = "sha-256:" + "a" * 64
ATTESTED = Attested("simulated", MEASUREMENT, simulated_platform.root_of(KEY.public_key().public_bytes_raw()))
NOISE = Noise(50, 1_000, choice=(20, 300))
NONCE, TOLD, STATEMENT = "0c" * 32, "0d" * 32, "ee" * 32
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def gate_of(noise=None):
    return Gate(("district",), "firm", noise=noise, attested=ATTESTED)


def evidence(by=KEY, measurement=MEASUREMENT, gate=None, **changed):
    """Return the evidence of the answer, or of one that is another in what is said."""
    passed = sha((gate or gate_of()).json()).hex()
    report = replace(ReaderReport(AGREEMENT, JOB, STATEMENT, passed, NONCE, TOLD), **changed)
    return simulated_platform.evidence(by, measurement, report.digest(), NOW)


def said(of=None, **more):
    given = base64.b64encode(evidence() if of is None else of).decode()
    return {"platform": "simulated", "nonce": NONCE, "told": TOLD, "evidence": given, **more}


def received(attested=None, receipt=RECEIPT):
    told = {} if attested is None else {"attested": attested}
    return event("answer.received", AGREEMENT, AGREEMENT, JOB, statement=STATEMENT, **signed(receipt), **told)


def ended(named=None, outcome="released"):
    told = {} if named is None else {"attested": named}
    return event("computation.ended", AGREEMENT, TRANSFER, JOB, outcome=outcome, rows="3", answer=ANSWER, **told)


def logged(named=None, **more):
    return decided(), started(**more), ended(named), served()


def judged(named, *taken, **more):
    return checked(logged(named), taken, attested=ATTESTED, **more)


NAMED = sha256(evidence()).hexdigest()


def test_an_answer_with_evidence_in_both_logs_is_nobodys_fault():
    assert judged(NAMED, received(said())) == []
    assert judged(NAMED) == []
    withheld = (decided(), started(), ended(outcome="withheld"), served("0"))
    assert checked(withheld, attested=ATTESTED) == [], "who is told nothing needs none"
    assert checked(logged(), [received()]) == [], "nor where terms want none"


@every("named", [None, "", "0c", "AB" * 32, 7])
def test_an_answer_that_its_provider_s_log_names_no_evidence_of_is_found(named):
    assert judged(named) == [("answer-unattested", SELLER)]


@every("taken", [
    None,
    {},
    "x",
    said(more="x"),
    said(platform="tdx"),
    said(nonce="0f" * 32),
    said(told="0f" * 32),
    said(nonce="0C" * 32),
    said(evidence="%"),
    said(evidence=""),
    said(evidence(by=OTHER)),
    said(evidence(measurement="sha-256:" + "b" * 64)),
    said(evidence(agreement="a2" * 32)),
    said(evidence(call="0f" * 32)),
    said(evidence(statement="0f" * 32)),
    said(evidence(gate=replace(gate_of(), least=3))),
    said(evidence(nonce="0f" * 32)),
    said(evidence(told="0f" * 32)),
])  # fmt: skip
def test_what_a_buyer_took_without_its_own_evidence_is_found(taken):
    assert judged(NAMED, received(taken)) == [("answer-unattested", BUYER)]


def test_evidence_that_is_another_one_than_its_provider_s_log_names_is_found():
    assert judged("ab" * 32, received(said())) == [("answer-differs", SELLER)]


def test_with_noise_it_is_of_the_epsilon_that_was_chosen():
    chosen = gate_of(NOISE).at(150)
    whole, receipt = evidence(gate=chosen), {**RECEIPT, "epsilon": "1.50"}
    log = logged(sha256(whole).hexdigest(), epsilon="1.50")
    assert checked(log, [received(said(whole), receipt)], noise=NOISE, attested=ATTESTED) == []
    usual = evidence(gate=gate_of(NOISE))
    log = logged(sha256(usual).hexdigest(), epsilon="1.50")
    assert checked(log, [received(said(usual), receipt)], noise=NOISE, attested=ATTESTED) == [
        ("answer-unattested", BUYER)
    ]
