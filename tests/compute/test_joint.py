"""What several tell together: masks that cancel over any set, cells that a process counts, margins that hold."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from connector.compute import aggregation, crossed, noisy
from connector.compute.cross_table import Cells, CrossTable
from connector.compute.epsilon import common
from connector.compute.noisy import ROWS, Loss, Number
from connector.compute.together import Together
from connector.compute.totals import About, Summed, totals
from connector.runtime.errors import InvalidInput, PeerMisbehaved
from contracts import joint as joints
from contracts.errors import ContractError
from contracts.gate import Gate, read
from contracts.joint import Joint
from contracts.noise import Noise
from ledger.edition.index import IndexedFile
from tests.compute.rooms import COLUMNS, firms
from tests.every import every

NAMED = ("district", "sector", "year", "revenue")
JOINT = Joint(("did:web:b", "did:web:c"), 3)
GATE = Gate(NAMED, "firm", noise=Noise(500, 10_000, 5, (("revenue", 0, 1_000),)), joint=JOINT)
QUESTION = bytes(32)


class Party:
    """One provider: its key, its own seed, its numbers under masks."""

    def __init__(self, name, numbers):
        self.name, self.numbers = name, numbers
        self.key, self.own = X25519PrivateKey.generate(), X25519PrivateKey.generate().private_bytes_raw()

    def pairs(self, others):
        public = {one.name: one.key.public_key().public_bytes_raw() for one in others if one is not self}
        return {name: aggregation.pair(self.key, key, QUESTION) for name, key in public.items()}

    def masked(self, others):
        return aggregation.masked(self.numbers, self.name, self.own, self.pairs(others))


@st.composite
def spaces(draw):
    many, length = draw(st.integers(3, 6)), draw(st.integers(1, 5))
    number = st.integers(-(2**59), 2**59)
    numbers = [draw(st.lists(number, min_size=length, max_size=length)) for _ in range(many)]
    names = draw(st.permutations([f"did:web:{at}" for at in range(many)]))
    left = draw(st.sets(st.sampled_from(names), min_size=1))
    return [Party(name, of) for name, of in zip(names, numbers, strict=True)], left


def total(parties, left, without=None):
    told = [one for one in parties if one.name in left]
    own = {one.name: one.own for one in told}
    pairs = {one.name: {name: seed for name, seed in one.pairs(parties).items() if name not in left} for one in told}
    if without == "own":
        own.popitem()
    elif without:
        pairs[told[0].name].popitem()
    return aggregation.total({one.name: one.masked(parties) for one in told}, own, pairs)


@given(spaces())
def test_any_set_that_is_opened_gives_its_total_and_nothing_less_than_all_seeds_does(found):
    parties, left = found
    right = [sum(of) for of in zip(*(one.numbers for one in parties if one.name in left), strict=True)]
    assert total(parties, left) == right
    assert total(parties, left, without="own") != right
    if len(left) < len(parties):
        assert total(parties, left, without="pair") != right


def test_two_agree_on_one_seed_and_another_question_has_another():
    a, b = Party("a", [1]), Party("b", [2])
    assert a.pairs([a, b])["b"] == b.pairs([a, b])["a"]
    other = aggregation.pair(a.key, b.key.public_key().public_bytes_raw(), bytes([1]) * 32)
    assert other != a.pairs([a, b])["b"]
    with pytest.raises(InvalidInput):
        aggregation.pair(a.key, bytes(32), QUESTION)
    with pytest.raises(InvalidInput):
        aggregation.total({"a": bytes(8), "b": bytes(16)}, {}, {})


def cells(statement, over, gate=GATE, table=None, columns=COLUMNS):
    table = table or firms()
    file = IndexedFile("firms.csv", 0, len(table), 0, 1)
    with CrossTable(
        Cells(statement, crossed.over(over)), gate, dict.fromkeys(("firms", "firms.csv"), columns)
    ) as crossing:
        foreseen = crossing.foresee()
        return foreseen, crossing.compute(foreseen.table, file, [(0, table)], b"")


def test_a_process_counts_the_cells_that_are_named_in_their_order():
    statement = "select count(distinct firm) as firms, district, year, sum(revenue) from firms group by district, year"
    foreseen, found = cells(statement, {"year": ["2020", 2023], "district": ["B", "none"]})
    assert foreseen.functions == ("COUNT", "SUM")
    about = About.read(found.about)
    assert (about.groups, about.columns) == (["district", "year"], ("firms", "district", "year", "sum(revenue)"))
    told = totals(found.numbers, about, crossed.over({"year": ["2020", 2023], "district": ["B", "none"]}), [GATE])
    assert [row[1:3] for row in told["rows"]] == [["B", "2020"], ["B", 2023], ["none", "2020"], ["none", 2023]]
    for row, off, true in zip(told["rows"], told["margins"], (150, 150, 0, 0), strict=True):
        assert abs(row[0] - true) < 4 * off[0]
        assert off[1:3] == [None, None]


def test_all_rows_are_one_cell():
    _, found = cells("select count(*) from firms", {})
    assert abs(found.numbers[0] - 3_000) < 200
    assert len(found.numbers) == 1


@every(("statement", "over", "word"), [
    ("select district, count(*) from firms group by 1 order by 2", {"district": ["A"]}, "ORDER BY"),
    ("select district, count(*) from firms group by 1 limit 1", {"district": ["A"]}, "LIMIT"),
    ("select district, count(*) from firms group by 1", {}, "district"),
    ("select district, count(*) from firms group by 1", {"sector": ["A"]}, "district"),
    ("select count(*) from firms", {"district": ["A"]}, "district"),
    ("select district, avg(year) from firms group by 1", {"district": ["A"]}, "bounds"),
    ("select firm, count(*) from firms group by 1", {"firm": ["F1"]}, "firm"),
])  # fmt: skip
def test_what_cannot_be_added_is_refused_before_it_is_counted(statement, over, word):
    with pytest.raises(InvalidInput, match=word):
        cells(statement, over)


@every("value", [
    [], {"a": "b"}, {"a": []}, {"a": ["x", "x"]}, {"a": [1, "1"]}, {"a": [["x"]]}, {"a": [True, "true"]},
    {"a": [str(at) for at in range(5_000)]}, {"a": ["x" * 20_000]}, {f"c{at}": ["x"] for at in range(9)},
])  # fmt: skip
def test_odd_cells_are_refused(value):
    with pytest.raises(InvalidInput):
        crossed.over(value)


def test_a_total_is_within_its_margin_as_often_as_it_is_said():
    number, losses = Number(ROWS), [Loss(Noise(epsilon, 10_000), 1) for epsilon in (50, 100, 200)]
    times = 20_000
    drawn = [noisy.laplace(loss, number, [0] * times) for loss in losses]
    summed = [sum(of) for of in zip(*drawn, strict=True)]
    off = Summed(tuple(losses)).margin(number)
    within = sum(abs(one) <= off for one in summed) / times
    assert 0.945 < within < 0.97


@every("told", [
    {},
    {"columns": ["a"], "outputs": [0], "numbers": [["rows", "", 0]], "measures": [["count_star", [0]]]},
    {"columns": ["a"], "outputs": [1], "numbers": [["rows", "", 0, 0]], "measures": [["count_star", [0]]]},
    {"columns": ["a"], "outputs": [0], "numbers": [["rows", "", 0, 0]], "measures": [["count_star", [1]]]},
    {"columns": ["a"], "outputs": [0], "numbers": [["rows", "", 0, 0]], "measures": [["count_star", []]]},
    {"columns": [], "outputs": [0], "numbers": [["rows", "", 0, 0]], "measures": [["count_star", [0]]]},
])  # fmt: skip
def test_who_tells_nothing_of_what_it_counts_misbehaves(told):
    with pytest.raises(PeerMisbehaved):
        About.read(told)


def test_terms_of_several_are_alike_or_refused():
    told = {"did:web:a": Joint(("did:web:b", "did:web:c"), 3), "did:web:b": Joint(("did:web:a", "did:web:c"), 3)}
    assert joints.alike(told) == ("did:web:a", "did:web:b", "did:web:c")
    for odd in (Joint(("did:web:a", "did:web:d"), 3), Joint(("did:web:a", "did:web:c", "did:web:d"), 3)):
        with pytest.raises(ContractError):
            joints.alike({**told, "did:web:b": odd})


@every(("member", "value"), [
    ("members", ["did:web:b"]), ("members", ["did:web:b", "did:web:b"]), ("members", ["did:web:b", "c"]),
    ("members", "did:web:b"), ("members", [1, 2]), ("quorum", "2"), ("quorum", "4"), ("quorum", 3), ("other", "3"),
])  # fmt: skip
def test_odd_terms_are_refused(member, value):
    told = GATE.json()
    assert read(told) == GATE
    with pytest.raises(ContractError):
        read({**told, "joint": {**told["joint"], member: value}})


def test_what_is_told_together_has_noise_and_nothing_beside_it():
    for odd in ({"noise": None}, {"lookup": {"keys": "5", "buckets": "1"}}):
        told = {name: value for name, value in {**GATE.json(), **odd}.items() if value is not None}
        with pytest.raises(ContractError):
            read(told)


def test_an_epsilon_is_one_that_the_terms_of_each_leave():
    def of(epsilon, choice=None):
        return replace(GATE, noise=Noise(epsilon, 1_000, choice=choice))

    leave = {"did:web:a": of(100, (20, 300)), "did:web:b": of(50, (10, 200))}
    assert {name: read(gate.json()) for name, gate in leave.items()} == leave
    assert (common(leave, 150), common(leave, 50), common(leave, None)) == (150, 50, None)
    for odd, who in ((250, "did:web:b"), (15, "did:web:a")):
        with pytest.raises(InvalidInput, match=who):
            common(leave, odd)
    # one whose terms fix it goes along with that one; what is usual with all is nothing said
    fixed = leave | {"did:web:c": of(100)}
    assert common(fixed, 100) == 100
    with pytest.raises(InvalidInput, match="did:web:c"):
        common(fixed, 150)
    assert common({"did:web:a": of(100, (20, 300)), "did:web:c": of(100)}, 100) is None
    assert leave["did:web:a"].at(150).noise.epsilon == 150
    assert leave["did:web:a"].at(None) == leave["did:web:a"]


def test_a_set_is_sorted_and_signed_by_all_of_it():
    for members, signatures in (((), None), (("b", "a"), None), (("a", "a"), None), (("a", "b"), {"a": b""})):
        with pytest.raises(InvalidInput):
            Together(members, signatures)
