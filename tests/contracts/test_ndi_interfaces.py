"""The tables of the interfaces, field by field: what is taken, and what is refused with which return code."""

from __future__ import annotations

import copy
from datetime import UTC, datetime

import pytest

from connector.operation.ndi.conformance import Runner, _every, _put
from contracts.check_character import check_character
from contracts.ndi.delivery import DELIVERY
from contracts.ndi.fields import CONTRACT, NAMED, OBJECT, TEXT, TIME, Code, Field, FieldError
from contracts.ndi.interfaces import (
    CREATE,
    INTERFACES,
    NEGOTIATE,
    TERMINATE,
    contract_digest,
    digest,
)
from tests.every import every

NOW = datetime(2026, 11, 28, tzinfo=UTC)
RUNNER = Runner(None, None, lambda _digest: bytes(65), "did:web:a.example", "did:web:b.example", NOW)


def example(interface):
    return RUNNER.signed(RUNNER._example(interface))


ASKED = [one for one in INTERFACES if one.name != "abnormalTermination"]
FIELDS = [(one, path, field) for one in ASKED for path, field in _every(one.asks, example(one))]


def test_the_ten_are_there_each_by_its_own_name():
    assert len({one.name for one in (*INTERFACES, *DELIVERY)}) == 13
    assert [one.path for one in INTERFACES[:2]] == ["/contractTemplate", "/contractCreate"]


@every("interface", ASKED)
def test_an_example_is_read_and_what_nobody_knows_is_left_alone(interface):
    read = interface.read({**example(interface), "future": {"a": [1]}})
    assert "future" not in read
    with pytest.raises(FieldError) as fault:
        interface.read({})
    assert fault.value.returned == Code.EMPTY


@every(("interface", "path", "field"), FIELDS)
def test_what_is_missing_or_of_another_kind_is_refused_at_its_place(interface, path, field):
    for wrong, code in (
        (None, Code.MISSING),
        ("", Code.MISSING),
        ([1.5] if field.kind == OBJECT else {"a": 1}, Code.FORM),
    ):
        if wrong in (None, "") and not field.required:
            continue
        said = copy.deepcopy(example(interface))
        _put(said, path, wrong)
        with pytest.raises(FieldError) as fault:
            interface.read(said)
        assert fault.value.returned in ({code, Code.FORM} if wrong == "" else {code})
        assert fault.value.path == "/".join(map(str, path))


@every("longest", [1, 36, 128])
def test_a_text_is_as_long_as_documented_and_no_longer(longest):
    field = Field("x", TEXT, longest)
    assert field.read("字" * longest, "x") == "字" * longest
    with pytest.raises(FieldError) as fault:
        field.read("字" * (longest + 1), "x")
    assert fault.value.returned == Code.LONG


def test_both_forms_of_time_are_read_and_no_other():
    field = Field("t", TIME, 40)
    at = datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC)
    assert field.read("20261231235959", "t") == field.read("2026-12-31T23:59:59+08:00", "t") == at
    for wrong in ("2026-12-31T23:59:59", "20261331235959", "tomorrow", "9999-12-31T23:59:59-23:59"):
        with pytest.raises(FieldError):
            field.read(wrong, "t")


def test_codes_have_their_check_character():
    body = "8491440000MA000000014400" + "20261128000000" + "ABCDEFGH"
    good = body + check_character(body)
    assert Field("c", CONTRACT, 47).read(good, "c") == good
    for wrong in (good[:-1] + ("0" if good[-1] != "0" else "1"), good[1:], good + "0"):
        with pytest.raises(FieldError):
            Field("c", CONTRACT, 47).read(wrong, "c")
    connector = "591440000MA000000014400ABCDEFGH"
    named = Field("n", NAMED, 32)
    assert named.read(connector + check_character(connector), "n")
    assert named.read("did:web:" + "a" * 100, "n")
    with pytest.raises(FieldError):
        named.read(connector + ("0" if check_character(connector) != "0" else "1"), "n")


def test_the_other_spellings_are_read_as_the_documented_ones():
    said = example(TERMINATE)
    said["terminateType"] = said.pop("erminateType")
    said["scheduled EndTime"] = said.pop("scheduledEndTime")
    assert TERMINATE.read(said)["erminateType"] == "01"
    strategy = example(NEGOTIATE)["strategy"]
    nodes = {"assignerId": "did:web:b.example", "assigneeId": "did:web:a.example"}
    read = NEGOTIATE.read({**example(NEGOTIATE), "strategy": {**strategy, "executionNodeInfo": nodes}})
    assert read["strategy"]["executionNodeInfo"] == {
        "providerNodeId": "did:web:b.example", "consumerNodeId": "did:web:a.example"
    }  # fmt: skip
    assert CREATE.read({**example(CREATE), "signMode": 1})["signMode"] == "01"


def test_a_digest_is_over_all_but_the_signatures():
    said = {"contractName": "a", "contractId": "b", "strategy": {"actions": ["read"]}}
    assert digest({**said, "signature": "00", "signatureList": [1]}) == digest(said)
    assert contract_digest("a", "b", {"actions": ["read"]}) == digest(said)
    assert len({digest(said), digest({**said, "contractName": "c"}), digest({**said, "strategy": {}})}) == 3
