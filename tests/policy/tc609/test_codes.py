"""The dictionaries: as many rows as they have, each word once, and every row goes both ways."""

from __future__ import annotations

from policy.tc609 import codes
from policy.tc609.translate import to_odrl, to_tc609
from policy.vocabulary.actions import ACTIONS
from policy.vocabulary.operands import CODES, OPERANDS, REFUSED
from policy.vocabulary.operators import OPERATORS, TREE
from tests.every import every

LISTS = [name for name, value in vars(codes).items() if name.isupper() and isinstance(value, tuple)]
# a value of each constraint that our engine reads, with an operator that fits
VALUES = {
    "time": ("11", "2027-01-01T00:00:00+08:00"),
    "timeWindow": ("01", "Mo-Fr 09:00-17:00 Asia/Shanghai"),
    "region": ("09", "440300"),
    "networkAddress": ("09", "192.0.2.0/24"),
    "physicalAddress": ("01", "urn:machine:1"),
    "count": ("11", "3"),
    "frequency": ("11", "100/PT1M"),
    "dataSize": ("11", "1000000"),
    "dateRecord": ("07", ["r1", "r2"]),
    "dataField": ("07", ["origin", "delay"]),
    "application": ("01", "urn:app:1"),
    "algorithm": ("01", "urn:algorithm:1"),
    "machineLearningModels": ("07", ["urn:model:1", "urn:model:2"]),
    "executionEnv": ("07", ["02", "05"]),
    "encryptMode": ("01", "02"),
    "deliveryMethod": ("01", "03"),
    "payAmount": ("11", "100.00"),
}


def test_the_dictionaries_are_whole():
    assert [len(getattr(codes, name)) for name in ("ACTIONS", "CONSTRAINTS", "OPERATORS")] == [20, 18, 12]
    assert set(VALUES) == {row.wire for row in codes.CONSTRAINTS} - {"valueExpression"}


@every("name", LISTS)
def test_a_word_stands_once(name):
    rows = getattr(codes, name)
    for word in ("wire", "odrl", "code", "name"):
        words = [getattr(row, word) for row in rows if hasattr(row, word)]
        assert len(set(words)) == len(words)


def test_operators_are_numbered_in_the_order_of_their_names():
    assert [row.code for row in codes.OPERATORS] == [f"{number:02}" for number in range(1, 13)]
    names = [row.name for row in codes.OPERATORS]
    assert names == sorted(names, key=str.lower)


def test_the_engine_knows_every_word():
    assert {row.odrl for row in codes.ACTIONS} <= set(ACTIONS)
    assert {row.odrl for row in codes.CONSTRAINTS} <= set(OPERANDS) | set(REFUSED)
    assert {row.name for row in codes.OPERATORS} == set(OPERATORS)
    assert {name: {row.code: row.name for row in rows} for name, rows in codes.VALUE_CODES.items()} == CODES


@every("row", codes.ACTIONS, ids=lambda row: row.wire)
def test_every_action_goes_both_ways(plain, row):
    document = plain(actions=[row.wire])
    policy = to_odrl(document)
    assert policy["permission"] == [{"action": row.odrl}]
    assert to_tc609(policy) == document
    for spelling in (row.odrl, row.wire, "penstock:" + row.odrl, *row.also):
        assert to_tc609(policy | {"permission": [{"action": spelling}]})["permissionPolicies"][0]["actions"] == [
            row.wire
        ]
    for spelling in row.also:
        assert to_odrl(plain(actions=[spelling])) == policy


@every("name", VALUES)
def test_every_constraint_goes_both_ways(plain, name):
    row = codes.CONSTRAINT_READ[name]
    document = plain((name, *VALUES[name]))
    policy = to_odrl(document)
    assert policy["permission"][0]["constraint"][0]["leftOperand"] == row.odrl
    assert to_tc609(policy) == document
    for spelling in row.also:
        assert to_odrl(plain((spelling, *VALUES[name]))) == policy


@every("row", codes.OPERATORS, ids=lambda row: row.name)
def test_every_operator_goes_both_ways(plain, row):
    limit = ("region", row.code, "CN") if row.name in TREE else ("dataSize", row.code, "7")
    document = plain(limit)
    policy = to_odrl(document)
    assert policy["permission"][0]["constraint"][0]["operator"] == row.name
    assert to_tc609(policy) == document


@every(("name", "row"), [(name, row) for name, rows in codes.VALUE_CODES.items() for row in rows], ids=str)
def test_every_code_of_a_value_has_a_name(plain, name, row):
    document = plain((name, "01", row.code))
    policy = to_odrl(document)
    assert policy["permission"][0]["constraint"][0]["rightOperand"] == row.name
    assert to_tc609(policy) == document
