"""Attested answers: the member of the gate, the simulated platform's evidence, and what a reader reports."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime
from hashlib import sha256

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from contracts import attested as attestations
from contracts import gate as gates
from contracts import platforms, reader_report, simulated_platform, summary
from contracts.attested import Attested
from contracts.canonical import canonical
from contracts.coverage import Coverage
from contracts.engine import Engine
from contracts.errors import ContractError
from contracts.gate import Gate
from contracts.joint import Joint
from contracts.learning import Learning
from contracts.lookup import LookUp
from contracts.noise import Noise
from contracts.program import Programs
from contracts.reader_report import ReaderReport
from contracts.sketch import Sketches
from tests.contracts.weather import TERMS
from tests.every import every

KEY, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([at]) * 32) for at in (1, 2))
ROOT = simulated_platform.root_of(KEY.public_key().public_bytes_raw())
MEASUREMENT, ANOTHER = (f"sha-256:{digit * 64}" for digit in "ab")
ATTESTED = Attested("simulated", MEASUREMENT, ROOT)
REPORT, NOW = bytes(range(32)), datetime(2026, 11, 30, 12, tzinfo=UTC)
EVIDENCE = simulated_platform.evidence(KEY, MEASUREMENT, REPORT, NOW)
NOISE = Noise(50, 1_000)
QUESTION = ReaderReport.of("a1" * 32, "one", "select  count(*) from firms", {"least": "10"}, "0c" * 32, "0d" * 32)


def verify(evidence, report=REPORT, measurement=MEASUREMENT, root=ROOT, platform="simulated"):
    platforms.verify(platform, evidence, report, measurement, root)


def forged(by=KEY, **changed):
    """Return evidence that says something else, signed by whoever has a key of its own."""
    told = {**json.loads(EVIDENCE), **changed}
    told["key"] = changed.get("key", by.public_key().public_bytes_raw().hex())
    told = {name: one for name, one in told.items() if one is not None and name != "signature"}
    digest = simulated_platform._digest(told)
    return canonical({**told, "signature": by.sign(digest).hex()})


def test_a_gate_has_it_as_it_says_it():
    gate = Gate(("district",), "firm", attested=ATTESTED)
    assert gates.read(gate.json()) == gate
    assert gate.json()["attested"] == {"platform": "simulated", "measurement": MEASUREMENT, "root": ROOT}
    assert "attested" not in Gate(("district",), "firm").json(), "terms of before read as they did"
    assert replace(gate, noise=NOISE).at(20).noise.epsilon == 20
    assert gate.at(20) == gate


@every("told", [
    {"platform": "tdx", "measurement": MEASUREMENT, "root": ROOT},
    {"platform": "", "measurement": MEASUREMENT, "root": ROOT},
    {"platform": "simulated", "measurement": MEASUREMENT},
    {"platform": "simulated", "measurement": MEASUREMENT, "root": ROOT, "label": "hardware"},
    {"platform": "simulated", "measurement": "a" * 64, "root": ROOT},
    {"platform": "simulated", "measurement": MEASUREMENT.upper(), "root": ROOT},
    {"platform": "simulated", "measurement": MEASUREMENT, "root": ROOT[:-1]},
    {"platform": "simulated", "measurement": 1, "root": ROOT},
    {"platform": ["simulated"], "measurement": MEASUREMENT, "root": ROOT},
    "simulated", None, [],
])  # fmt: skip
def test_what_terms_say_otherwise_is_refused(told):
    with pytest.raises(ContractError):
        gates.read({**Gate(("district",)).json(), "attested": told})


@every("part", [
    {"coverage": Coverage(140)},
    {"lookup": LookUp(1_000, 16)},
    {"noise": NOISE, "joint": Joint(("did:web:b.example", "did:web:c.example"), 3)},
    {"noise": NOISE, "programs": Programs(5)},
    {"noise": NOISE, "engine": Engine("averaging", MEASUREMENT, 10)},
    {"noise": NOISE, "sketch": Sketches(4_096)},
    {"noise": NOISE, "learning": Learning(20_000)},
])  # fmt: skip
def test_what_answers_in_another_way_is_not_attested(part):
    Gate(("district",), "firm", **part)
    with pytest.raises(ContractError, match="are not attested: statements alone are"):
        Gate(("district",), "firm", attested=ATTESTED, **part)
    assert {*part} - {"noise"} <= set(gates._OTHER_WAYS)


def test_each_part_of_a_gate_is_a_way_of_statements_or_another_one():
    assert {*gates._PARTS} == {*gates._OTHER_WAYS, "noise", "attested"}


@every("name", platforms.PLATFORMS)
def test_the_label_of_a_platform_is_in_whatever_names_it_in_both_languages(name):
    gate = Gate(("district",), attested=replace(ATTESTED, platform=name))
    terms = replace(TERMS, tier="computed", gate=gate, columns={}, lease_seconds=0)
    for lang in platforms.LANGUAGES:
        label = platforms.words(name, lang)
        assert label in summary.summary(terms, lang)
        assert label in attestations.said(name, lang)
        assert attestations.label(terms.json(), lang) == label
    assert attestations.label(TERMS.json()) == ""
    if "simulated" in name:
        assert "no hardware" in platforms.words(name)
        assert "无硬件" in platforms.words(name, "zh")


def test_evidence_is_of_one_report_one_program_and_one_key():
    verify(EVIDENCE)
    assert b"no hardware" in EVIDENCE


@every("evidence, asked, why", [
    (EVIDENCE, {"report": bytes(32)}, "of another answer"),
    (EVIDENCE, {"measurement": ANOTHER}, "of another program"),
    (EVIDENCE, {"root": ANOTHER}, "another platform's key"),
    (EVIDENCE, {"platform": "tdx"}, "nothing here verifies"),
    (forged(OTHER), {}, "another platform's key"),
    (forged(OTHER, key=json.loads(EVIDENCE)["key"]), {}, "its signature is none"),
    (forged(label=None), {}, "exactly the members"),
    (forged(label="Intel TDX"), {}, "it is not labelled"),
    (forged(platform="tdx"), {}, "it is of the platform `tdx`"),
    (forged(v=2), {}, "exactly the members"),
    (forged(v=True), {}, "exactly the members"),
    (forged(more="x"), {}, "exactly the members"),
    (forged(at="2026-11-30T12:00:00"), {}, "no zone"),
    (forged(at="noon"), {}, "no zone"),
    (forged(report=1), {}, "are texts"),
    (b" " + EVIDENCE, {}, "canonical"),
    (EVIDENCE.replace(b'"v":1', b'"v":1,"v":1'), {}, "twice|not JSON"),
    (b"", {}, "1 to"),
    (b"x" * (platforms.EVIDENCE_BYTES_MAX + 1), {}, "1 to"),
    (b"[]", {}, "exactly the members"),
    (b"{", {}, "not JSON"),
])  # fmt: skip
def test_what_is_no_such_evidence_is_refused(evidence, asked, why):
    with pytest.raises(ContractError, match=why):
        verify(evidence, **asked)


@given(st.binary(min_size=32, max_size=32), st.datetimes(timezones=st.just(UTC)))
def test_evidence_of_any_report_is_verified(report, at):
    verify(simulated_platform.evidence(KEY, MEASUREMENT, report, at), report)


@given(st.integers(0, len(EVIDENCE) - 1), st.integers(1, 255))
def test_no_byte_of_evidence_may_be_another(at, by):
    changed = bytearray(EVIDENCE)
    changed[at] ^= by
    with pytest.raises(ContractError):
        verify(bytes(changed))


@given(st.binary(max_size=200))
def test_bytes_of_a_stranger_are_refused_and_nothing_else(told):
    with pytest.raises(ContractError):
        verify(told)


def test_a_report_is_another_one_where_any_of_it_is():
    assert len(QUESTION.digest()) == 32
    for field in fields(QUESTION):
        assert replace(QUESTION, **{field.name: "ff" * 32}).digest() != QUESTION.digest(), field.name
    spaced = ReaderReport.of("a1" * 32, "one", "select count(*)  from firms ", {"least": "10"}, "0c" * 32, "0d" * 32)
    assert spaced == QUESTION, "as logs name a statement"


CELLS = st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(),
                  st.floats(allow_nan=False, allow_infinity=False))  # fmt: skip


@given(st.lists(st.lists(CELLS, max_size=4), max_size=6), st.booleans())
def test_what_was_told_is_the_same_after_the_wire(rows, held):
    told = {"columns": ["a"], "rows": rows, "heldBack": held, "memory": {"x": 1}}
    try:
        sent = orjson.loads(orjson.dumps({**told, "at": "now", "left": "1.00"}))
    except TypeError:  # a lone surrogate is no text of an answer
        return
    assert reader_report.told(sent) == reader_report.told(told)


def test_what_a_reader_does_not_tell_is_not_in_its_digest_and_what_it_tells_is():
    told = {"columns": ["a"], "rows": [[1]], "heldBack": False}
    assert reader_report.told({**told, "left": "2.00", "memory": {}}) == reader_report.told(told)
    for name, other in (("columns", ["b"]), ("rows", [[2]]), ("rows", [[1.0]]), ("heldBack", True), ("needs", 3)):
        assert reader_report.told({**told, name: other}) != reader_report.told(told)
    text = '{"columns":["a"],"heldBack":false,"rows":[[1]]}'
    assert reader_report.told(told) == sha256(text.encode()).hexdigest()
