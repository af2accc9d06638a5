"""Who does not keep to it while a label is learned: bits that are none, lists that are none, cells that are wild."""

from __future__ import annotations

import base64
import math
import random
from itertools import pairwise

import duckdb
import orjson
import pyarrow as pa
import pyarrow.compute  # as the process has them
import pyarrow.csv
import pytest

from connector.compute import bit_proof, blinding, elgamal, learning, logistic
from connector.compute.content import Content
from connector.compute.gated import Asking, open_to
from connector.compute.inputs import inputs
from connector.compute.lesson import (
    LABELS,
    PARTS,
    SUBJECTS_MAX,
    Coins,
    Match,
    Rows,
    Step,
    places_of,
    spare_of,
    terms_of,
)
from connector.compute.statement import Refused
from connector.consumer.learning import Own, _labelled, _sums
from connector.runtime.errors import InvalidInput, PeerMisbehaved
from contracts.errors import ContractError
from contracts.gate import Gate, read
from contracts.learning import Learning
from contracts.lookup import LookUp
from contracts.noise import Noise

GATE = Gate(("age", "kwh"), "firm", noise=Noise(100, 100_000), learning=Learning(20_000))
ROWS = Rows("select age, kwh from firms", ((18, 78), (0, 4_000)))
OWN = Own((["A"], ["B"]), b"o" * 32)


def sealed(bits, own=OWN):
    """Return numbers as they are sealed, each with the proof that can be made of it."""
    secret = own.secret()
    public = elgamal.times(secret).format()
    points, proofs = b"", b""
    for at, bit in enumerate(bits):
        once = own.once(str(at))
        one = elgamal.sealed(secret, once, bit)
        points += one
        # one that is no bit is said to be 1
        proofs += bit_proof.proved(
            secret, once, min(max(bit, 0), 1), public + one, lambda name, at=at: own.once(f"{at} {name}")
        )
    return public, points, proofs


def test_numbers_that_are_no_bits_are_refused_and_bits_are_not():
    drawn = random.Random(1)
    bits = [drawn.randint(0, 1) for _ in range(60)]
    public, points, proofs = sealed(bits)
    bit_proof.require(public, points, elgamal.points(points), proofs)
    for odd in (2, 1_000, -1):
        told = sealed([*bits[:30], odd, *bits[31:]])
        with pytest.raises(InvalidInput, match="no list of bits"):
            bit_proof.require(public, told[1], elgamal.points(told[1]), told[2])
    width = bit_proof.PROOF_BYTES
    for wrong in (
        proofs[width : 2 * width] + proofs[:width] + proofs[2 * width :],
        proofs[:-1] + bytes([proofs[-1] ^ 1]),
    ):
        with pytest.raises(InvalidInput, match="no list of bits"):
            bit_proof.require(public, points, elgamal.points(points), wrong)
    with pytest.raises(InvalidInput, match="proof of"):
        bit_proof.require(public, points, elgamal.points(points), proofs[width:])
    other = elgamal.times(7).format()
    with pytest.raises(InvalidInput, match="no list of bits"):
        bit_proof.require(other, points, elgamal.points(points), proofs)


def test_a_proof_says_nothing_of_its_bit_by_its_place():
    """Challenge and answers of both sides are as wide for either bit: which one was drawn is not seen."""
    drawn = random.Random(2)
    firsts = {0: [], 1: []}
    for at in range(120):
        bit, own = at % 2, Own((["A"], ["B"]), drawn.randbytes(32))
        proof = sealed([bit], own)[2]
        firsts[bit].append(int.from_bytes(proof[132:148], "big") / 2**128)
    for shares in firsts.values():
        assert 0.3 < sum(shares) / len(shares) < 0.7


@pytest.mark.parametrize("bits", [(1, 0), (0, 1), (1, 1), (0, 0)])
def test_a_subject_moves_no_number_by_more_than_the_noise_is_for(monkeypatch, bits):
    monkeypatch.setattr(learning, "_noise", lambda _, numbers: [0] * numbers)
    opened, drawn = elgamal.Opened(OWN.secret()), random.Random(3)
    for weights in ((0.0, 0.0, 0.0), (1_000.0, -1_000.0, 1_000.0), tuple(drawn.uniform(-3, 3) for _ in range(3))):
        row = [1.0, drawn.choice((-1.0, 1.0)), drawn.uniform(-1, 1)]
        told = elgamal.points(learning._stepped([row], weights, b"".join(sealed(bits)), GATE))
        sums = [opened.total(*one, 4 * PARTS) for one in zip(told[0::2], told[1::2], strict=True)]
        assert len(sums) == len(terms_of(3))
        assert max(map(abs, sums)) <= PARTS


def test_decoys_add_nothing_and_bits_of_too_few_places_are_refused(monkeypatch):
    monkeypatch.setattr(learning, "_noise", lambda _, numbers: [0] * numbers)
    opened, row = elgamal.Opened(OWN.secret()), [1.0, 0.5, -0.5]
    told = elgamal.points(learning._stepped([None, row, None], (0.0,) * 3, b"".join(sealed([1, 0, 0, 1, 1, 1])), GATE))
    sums = [opened.total(*one, 4 * PARTS) for one in zip(told[0::2], told[1::2], strict=True)]
    assert sums[:3] == [PARTS // 2, PARTS // 4, -PARTS // 4]
    assert (round(logistic.subjects(sums, (0.0,) * 3)), round(logistic.ones(sums, 1))) == (1, 1)
    with pytest.raises(Refused, match="there are 3 places"):
        learning._stepped([None, row, None], (0.0,) * 3, b"".join(sealed([1, 0])), GATE)


def test_of_each_group_between_none_and_all_spare_places_are_decoys():
    epsilon, thrown = 100, []
    for at in range(2_000):
        coins = Coins(at.to_bytes(32, "big"))
        thrown.append(coins.decoys(0, epsilon))
        assert thrown[-1] == coins.decoys(0, epsilon), "the same id has the same coin"
    spare = spare_of(epsilon)
    assert (min(thrown) >= 0, max(thrown) <= spare) == (True, True)
    assert abs(sum(thrown) / len(thrown) - spare / 2) < 0.5
    near = [sum(one == spare // 2 + off for one in thrown) for off in (0, 1, 2)]
    for one, other in pairwise(near):
        assert other / one > math.exp(-0.5) * 0.7, "one subject more or less is as likely, but for half of ε"


def test_two_ids_have_other_points_and_another_order():
    names = [f"F{at}" for at in range(200)]
    one, other = Coins(b"1" * 32), Coins(b"2" * 32)
    assert one.scalar("own") != other.scalar("own")
    assert places_of(one, names, 100) == places_of(one, list(reversed(names)), 100)
    assert places_of(one, names, 100) != places_of(other, names, 100)
    assert len(places_of(one, names, 100)) == 200 + LABELS * spare_of(100)
    assert len(places_of(one, [f"F{at}" for at in range(SUBJECTS_MAX + 1)], 100)) < SUBJECTS_MAX * 0.6


def test_wild_cells_take_no_part_and_a_subject_takes_part_once():
    lines = ["F1,30,1000", "F1,70,4000", " F2 ,1e300,-5", "F3,nan,7", "F4,inf,7", "F5,,7", ",30,7", "F6,-1e300,1e9"]
    content = ("firm,age,kwh\n" + "\n".join(lines) + "\n").encode()
    engine = duckdb.connect()
    asking = Asking(pa, engine, "firms", Content(pa, "csv", pa.py_buffer(content)), GATE)
    found = inputs(engine, ROWS.statement, open_to(asking.types(), GATE))
    asking.ready(found.named)
    rows = learning._rows(engine, found, ROWS.json(), GATE)
    assert {name: row[0] for name, row in rows.items()} == dict.fromkeys(("F1", "F2", "F6"), 1.0)
    assert rows["F2"] == [1.0, 1.0, -1.0]
    assert rows["F6"] == [1.0, -1.0, 1.0]
    assert all(abs(one) <= 1 for row in rows.values() for one in row)


def test_garbage_is_the_providers_fault_and_is_not_kept():
    opened = elgamal.Opened(OWN.secret())
    public, points, proofs = sealed([0, 1])
    step = Step(ROWS, "m", public, (0.0, 0.0, 0.0), points, proofs)
    head = {"edition": "", "columns": [], "rows": [], "heldBack": False, "confined": [], "epsilon": "1", "left": "1"}
    many = len(terms_of(3))
    far = elgamal.times(5).format() + elgamal.times(5 * OWN.secret() + 10**12).format()
    for sums in (b"", b"\x02" * 66, points, points[:66] * (many - 1) + far, b"\xff" * (66 * many)):
        told = orjson.dumps({**head, "sums": base64.b64encode(sums).decode()})
        with pytest.raises(PeerMisbehaved):
            _sums(opened, 1_000, 9, step, told)
    fine = orjson.dumps({**head, "sums": base64.b64encode(points[66:] * many).decode()})
    assert orjson.loads(_sums(opened, 1_000, 9, step, fine))["sums"] == [1] * many


def test_numbers_that_say_the_same_and_labels_that_numbers_tell_have_weights_that_are_numbers():
    """Collinear columns: the ridge parts the weight; a label told exactly: steps stay short."""
    drawn = random.Random(4)
    for rows in (
        [
            ((1.0, one, one), float(drawn.random() < 0.5 + one / 3))
            for one in (drawn.uniform(-1, 1) for _ in range(500))
        ],
        [((1.0, one, 0.0), float(one > 0)) for one in (drawn.uniform(-1, 1) for _ in range(500))],
    ):
        weights = logistic.begun(2)
        for _ in range(8):
            sums = []
            for term in terms_of(3):
                total = 0.0
                for row, label in rows:
                    sure = learning._sure(row, weights)
                    part = math.prod(row[at] for at in term)
                    total += part * (label - sure) if len(term) == 1 else part * 2 * sure * (1 - sure)
                sums.append(round(total * PARTS))
            weights = logistic.stepped(weights, sums, 9.0)
        assert all(math.isfinite(one) for one in weights)
        assert weights[1] > 0


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"rounds": 0}, "1 to 8"),
        ({"rounds": 9}, "1 to 8"),
        ({"zeros": 99}, "fewer than"),
        ({"ones": 9_950}, "keys are asked about"),
        ({"both": True}, "one label"),
        ({"base": b"1"}, "one point of nobody"),
    ],
)
def test_a_list_that_is_none_is_refused_before_anything_is_looked_up(wrong, words):
    def points(many, first=0):
        return b"".join(at.to_bytes(blinding.POINT_BYTES, "big") for at in range(first, first + many))

    zeros = points(wrong.get("zeros", 100))
    ones = zeros if wrong.get("both") else points(wrong.get("ones", 100), 50_000)
    with pytest.raises(InvalidInput) as fault:
        Match(ROWS, (zeros, ones), wrong.get("base", points(1)), wrong.get("rounds", 3))
    assert words in f"{fault.value} {fault.value.hint}"


def test_terms_that_learn_name_subjects_and_noise_of_one_row():
    assert read(GATE.json()) == GATE
    noise = Noise(100, 1_000)
    for told in (
        {"noise": None},
        {"subject": ""},
        {"noise": Noise(100, 1_000, 2)},
        {"noise": None, "lookup": LookUp(10, 1)},
        {"learning": "few"},
    ):
        known = {"subject": "firm", "noise": noise, **told}
        with pytest.raises(ContractError):
            Gate(("age",), **{**known, "learning": Learning(10 if told.get("learning") else 500)})


def test_a_label_is_the_same_however_it_is_written(tmp_path):
    path = tmp_path / "mine.csv"
    cells = [*("0" for _ in range(60)), *("0.0" for _ in range(60)), *("true" for _ in range(110)), "", ""]
    path.write_text("firm,late\n" + "".join(f"F{at},{cell or '  '}\n" for at, cell in enumerate(cells)))
    zeros, ones = _labelled(path, "firm", "late")
    assert (len(zeros), len(ones)) == (120, 110)
