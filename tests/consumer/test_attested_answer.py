"""What a buyer takes for an attested answer, and what it does not; and the number that it asks with."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connector.consumer import attested_answer
from connector.consumer.attested_answer import AttestedQuestion
from connector.runtime.errors import PeerMisbehaved
from contracts import reader_report, simulated_platform
from contracts.attested import Attested
from contracts.gate import Gate
from contracts.noise import Noise
from contracts.reader_report import ReaderReport
from tests.every import every

KEY = Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
MEASUREMENT = "sha-256:" + "a" * 64
ROOT = simulated_platform.root_of(KEY.public_key().public_bytes_raw())
GATE = Gate(("district",), "firm", attested=Attested("simulated", MEASUREMENT, ROOT))
ASKED = AttestedQuestion("a1" * 32, "one", "select count(*) from firms", GATE, "0c" * 32)
TOLD = {"columns": ["count"], "rows": [[1_200]], "heldBack": False}


def answer(question=ASKED, told=TOLD, said=None, **changed):
    """Return an answer with evidence of what is told, or of what is `said` to have been; members may be others."""
    of = question
    digest = reader_report.told(said or told)
    report = ReaderReport.of(of.agreement, of.job, of.statement, of.gate.json(), of.nonce, digest)
    made = simulated_platform.evidence(KEY, MEASUREMENT, report.digest(), datetime(2026, 11, 30, tzinfo=UTC))
    attested = {"platform": "simulated", "nonce": of.nonce, "evidence": base64.b64encode(made).decode(), **changed}
    attested = {name: one for name, one in attested.items() if one is not None}
    return orjson.dumps({"v": 1, "agreement": of.agreement, **told, "attested": attested})


def test_an_answer_of_its_own_is_taken_with_what_the_log_says_of_it():
    found = ASKED.accepted(answer())
    assert set(found) == {"platform", "nonce", "told", "evidence"}
    assert found["told"] == reader_report.told(TOLD)
    spaced = replace(ASKED, statement="select  count(*)\nfrom firms")
    assert spaced.accepted(answer()) == found, "as logs name it"


@every("told", [
    orjson.dumps(TOLD),
    orjson.dumps({**TOLD, "attested": None}),
    orjson.dumps([]),
    b"{",
    answer(platform="tdx"),
    answer(platform=None),
    answer(nonce="0d" * 32),
    answer(evidence=""),
    answer(evidence="%%"),
    answer(evidence="QUJD" * 8_000),
    answer(label="hardware"),
    answer(said={**TOLD, "rows": [[1_201]]}),
    answer(said={**TOLD, "heldBack": True}),
    answer(replace(ASKED, job="two")),
    answer(replace(ASKED, statement="select count(*) from others")),
    answer(replace(ASKED, agreement="a2" * 32)),
    answer(replace(ASKED, nonce="0d" * 32)),
    answer(replace(ASKED, nonce="0d" * 32), nonce=ASKED.nonce),
    answer(replace(ASKED, gate=replace(GATE, least=3))),
    answer(replace(ASKED, gate=replace(GATE, noise=Noise(50, 1_000)))),
])  # fmt: skip
def test_an_answer_that_is_not_is_refused_by_its_provider_s_fault(told):
    with pytest.raises(PeerMisbehaved, match="not attested as its provider agreed"):
        ASKED.accepted(told)


def test_a_question_has_a_number_of_its_own_that_follows_from_a_key_of_ours():
    def keys(secret):
        return SimpleNamespace(number=lambda about: simulated_platform.H("test", secret, about))

    one = attested_answer.nonce(keys(b"1"), "a1" * 32, "one")
    assert (len(one), attested_answer.nonce(keys(b"1"), "a1" * 32, "one")) == (64, one)
    others = [("a1" * 32, "two"), ("a2" * 32, "one")]
    assert one not in {attested_answer.nonce(keys(b"1"), *other) for other in others}
    assert attested_answer.nonce(keys(b"2"), "a1" * 32, "one") != one, "another buyer's is another"
