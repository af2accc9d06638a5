"""A project as a value: one spelling, one digest, and a split that adds up whatever the shares are."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import address
from contracts.errors import ContractError
from contracts.project import PARTIES_MAX, ROLES, SHARERS_MAX, Party, Project, from_json
from contracts.split import WHOLE_BPS

UNTIL = datetime(2027, 12, 31, tzinfo=UTC)
EXCHANGE = bytes([99]) * 20


def party(at, bps, role="provider"):
    return Party(f"did:web:p{at}.example", role, bytes([at + 1]) * 20, bps)


def project(*shares, **more):
    parties = tuple(party(at, bps) for at, bps in enumerate(shares))
    return Project(**{"id": "power", "title": "Power", "text": "", "parties": parties, "until": UNTIL, **more})


@st.composite
def shares(draw):
    """Shares of 2 to 16 parties that sum to the whole, of whom up to seven have any."""
    many = draw(st.integers(1, SHARERS_MAX))
    cuts = sorted(draw(st.sets(st.integers(1, WHOLE_BPS - 1), min_size=many - 1, max_size=many - 1)))
    found = [b - a for a, b in zip([0, *cuts], [*cuts, WHOLE_BPS], strict=True)]
    found += [0] * draw(st.integers(max(0, 2 - many), PARTIES_MAX - many))
    return draw(st.permutations(found))


@given(shares(), st.integers(0, 3_000), st.data())
def test_the_split_is_whole_pays_the_fee_and_everybody_near_to_its_share(points, fee, data):
    made = project(*points)
    seller = data.draw(st.sampled_from(made.sharers)).payee
    found = made.split(seller, EXCHANGE, fee)
    split = dict(found.parts)
    assert found.parts[0][0] == seller
    assert sum(split.values()) == WHOLE_BPS
    assert split.get(EXCHANGE, 0) == fee
    for one in made.parties:
        exact = one.bps * (WHOLE_BPS - fee) / WHOLE_BPS
        assert abs(split.get(one.payee, 0) - exact) <= SHARERS_MAX
        assert (one.payee in split) == bool(one.bps)


@given(shares())
def test_it_comes_back_as_it_was_and_any_change_is_another_digest(points):
    made = project(*points, text="two\nlines")
    assert from_json(made.json()) == made
    assert from_json(made.json()).digest == made.digest
    assert project(*points, text="other").digest != made.digest


def test_an_exchange_that_is_a_party_has_its_share_and_its_fee():
    parties = (party(0, 6_000), Party("did:web:x.example", "operator", EXCHANGE, 4_000))
    split = dict(project(parties=parties).split(bytes([1]) * 20, EXCHANGE, 1_000).parts)
    assert split == {bytes([1]) * 20: 5_400, EXCHANGE: 4_600}


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": ""}, {"id": "-x"}, {"id": "a b"}, {"id": "x" * 65}, {"title": ""}, {"title": "a\nb"},
        {"title": "x" * 201}, {"text": "x" * 4_001}, {"text": "\x00"}, {"until": datetime(2027, 1, 1)},  # noqa: DTZ001
        {"until": UNTIL.replace(microsecond=1)},
        {"parties": (party(0, 10_000),)},
        {"parties": (party(0, 5_000), party(0, 5_000))},
        {"parties": (party(0, 5_000), Party("did:web:o", "provider", bytes([1]) * 20, 5_000))},
        {"parties": (party(0, 5_000), party(1, 4_999))},
        {"parties": (party(0, 11_000), party(1, -1_000))},
        {"parties": (party(0, 5_000), party(1, 5_000, "thief"))},
        {"parties": tuple(party(at, 1_250) for at in range(8))},
        {"parties": (party(0, 10_000), *(party(at, 0) for at in range(1, 17)))},
    ],
)  # fmt: skip
def test_what_is_no_project_is_refused(wrong):
    with pytest.raises(ContractError):
        project(5_000, 5_000, **wrong)


def test_a_document_is_read_strictly():
    good = project(5_000, 5_000).json()
    first = good["parties"][0]
    for odd in (
        None, [], {}, good | {"more": 1}, good | {"v": 2}, good | {"v": True}, good | {"parties": {}},
        good | {"until": "2027-12-31"}, good | {"until": "2027-12-31T00:00:00+00:00"}, good | {"title": 1},
        good | {"parties": [first]}, good | {"parties": [first, {}]}, good | {"parties": [first, None]},
        good | {"parties": [first | {"bps": "5000"}, good["parties"][1]]},
        good | {"parties": [first | {"bps": True}, good["parties"][1]]},
        good | {"parties": [first | {"did": "p"}, good["parties"][1]]},
        good | {"parties": [first | {"payee": address.show(bytes(20)).upper()}, good["parties"][1]]},
        {name: value for name, value in good.items() if name != "text"},
    ):  # fmt: skip
        with pytest.raises(ContractError):
            from_json(odd)


def test_who_has_no_share_sells_nothing():
    with pytest.raises(ContractError, match="no share"):
        project(10_000, 0).split(bytes([2]) * 20, EXCHANGE, 1_000)


def test_every_role_has_words_in_two_languages():
    assert all(en and zh for en, zh in ROLES.values())
