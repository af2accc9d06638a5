"""Points as which keys go: blinded one after the other in any order, and nothing that is none of them is multiplied."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.compute import blinding, curve25519
from connector.compute.coverage_points import POINTS
from connector.runtime.errors import InvalidInput
from contracts import coverage

PRIME, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
NAMES = ["F1", "北京", "", "f1", "F1 "]
# the neutral point, of order 2, 4 and 8, and no point at all; as libsodium's own tests have them
STRANGE_EDWARDS = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "0200000000000000000000000000000000000000000000000000000000000000",
    "ff" * 32,
]
# coordinates of points of order 4, 1 and 8, of the curve and of its twist; then two that are not in their shortest form
STRANGE_CURVE = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ff" * 32,
]


def drawn(points, seed):
    return points.scalar(random.Random(seed).randbytes(64))


@pytest.mark.parametrize("points", POINTS.values(), ids=POINTS)
def test_keys_are_blinded_one_after_the_other_in_any_order(points):
    buyer, provider = drawn(points, 1), drawn(points, 2)
    one = points.again(provider, points.blinded(buyer, NAMES))
    assert one == points.again(buyer, points.blinded(provider, NAMES))
    assert points.again(points.inverse(buyer), one) == points.blinded(provider, NAMES)
    assert len({*one}) == len(NAMES)
    assert set(points.blinded(drawn(points, 3), NAMES)).isdisjoint(points.blinded(buyer, NAMES))


@given(st.binary(min_size=64, max_size=64))
def test_a_scalar_is_clamped_and_so_is_what_takes_it_away(wide):
    key = curve25519.scalar(wide)
    away = curve25519.inverse(key)
    numbers = [int.from_bytes(one, "little") for one in (key, away)]
    assert all(2**254 <= one < 2**255 and one % 8 == 0 for one in numbers)
    assert numbers[0] * numbers[1] % ORDER == 1
    assert curve25519.inverse(away) == key


def test_the_ladder_multiplies_as_its_rfc_says():
    """The first vector of RFC 7748, 5.2."""
    key = bytes.fromhex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4")
    point = bytes.fromhex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")
    [made] = curve25519.again(key, [point])
    assert made.hex() == "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"


def flat(point):
    """The coordinate of a point of edwards25519, by the formula of RFC 7748, 4.1, written out."""
    y = int.from_bytes(point, "little") & (2**255 - 1)
    return ((1 + y) * pow(1 - y, PRIME - 2, PRIME) % PRIME).to_bytes(32, "little")


@pytest.mark.parametrize("many", [0, 1, 3, 512, 513])
def test_both_multiply_the_same_points_of_the_same_group(many):
    names, key = [f"F{at}" for at in range(many)], drawn(curve25519, 4)
    same = (int.from_bytes(key, "little") % ORDER).to_bytes(32, "little")
    assert curve25519.blinded(key, names) == [flat(point) for point in blinding.blinded(same, names)]


@pytest.mark.parametrize(
    ("points", "strange"),
    [
        *((blinding, one) for one in STRANGE_EDWARDS),
        *((curve25519, one) for one in STRANGE_CURVE),
    ],
)
def test_what_is_no_point_of_the_group_is_refused(points, strange):
    with pytest.raises(InvalidInput, match="no point"):
        points.again(drawn(points, 1), [bytes.fromhex(strange)])


def test_terms_of_before_mean_the_points_of_before():
    """What was signed is written as it was, and what is published now names the ladder."""
    before = {"epsilon": "140", "keys": "20000", "filled": []}
    read = coverage.read(before, "gate.coverage")
    assert (read.points, read.json()) == (coverage.EDWARDS25519, before)
    now = coverage.Coverage(140).json()
    assert now == {**before, "points": coverage.CURVE25519}
    assert coverage.read(now, "gate.coverage") == coverage.Coverage(140)
    assert tuple(POINTS) == coverage.POINTS


@pytest.mark.parametrize("points", ["edwards25519", "p256", "", None, 7, ["curve25519"]])
def test_points_that_terms_cannot_name_are_refused(points):
    with pytest.raises(coverage.ContractError, match="points"):
        coverage.read({"epsilon": "140", "keys": "20000", "filled": [], "points": points}, "gate.coverage")
