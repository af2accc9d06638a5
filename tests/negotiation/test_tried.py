"""A request that names a fitting: taken where we gave those answers to that peer, carried on, and shown once."""

from __future__ import annotations

from hashlib import sha256

import pytest

from connector.negotiation import rounds
from connector.negotiation.protocol.errors import MalformedError, UnacceptableError
from connector.negotiation.protocol.states import CONSUMER, OFFERED, PROVIDER, REQUESTED
from connector.store.rows.protocol import NegotiationRow
from contracts.namespace import TRIED
from contracts.tried import ANSWERS_MAX
from tests.negotiation.cells import OURS
from tests.negotiation.side import PEER, STRANGER, Side
from tests.negotiation.test_table import acted, asked, placed, priced, selling

DEAL = "cd" * 32
ANSWERS = (b"first part", b"second part")
NAMED = {"agreement": DEAL, "id": "one", "answers": [sha256(one).hexdigest() for one in ANSWERS]}


def answering(**changes):
    """A provider that answered PEER a list in two parts."""
    side = selling(Side(reactions={}))
    side.agreement(**{"digest": DEAL, **changes})

    def act(tx):
        for job, answer in zip(("one", "one/1"), ANSWERS, strict=True):
            tx.insert("fittings", agreement=DEAL, job=job, keys=100, answer=answer)
        tx.insert("fittings", agreement=DEAL, job="two", keys=100, answer=None)

    side.do(act)
    return side


def test_a_fitting_that_we_answered_stands_in_the_negotiation():
    side = answering()
    row = asked(side, **{TRIED: NAMED})
    assert row["offer"][TRIED] == NAMED
    [told] = side.do(lambda tx: rounds.of(tx, tx.get(NegotiationRow, id=row["id"]), "CNY"))
    assert (told["who"], told["tried"]) == (CONSUMER, NAMED)


@pytest.mark.parametrize(
    "named",
    [
        NAMED | {"agreement": "ee" * 32},
        NAMED | {"id": "other"},
        NAMED | {"id": "two", "answers": ["ab" * 32]},
        NAMED | {"answers": ["ab" * 32, NAMED["answers"][1]]},
        NAMED | {"answers": [*NAMED["answers"], "ab" * 32]},
    ],
)
def test_one_that_we_did_not_answer_is_refused(named):
    side = answering()
    before = side.everything()
    with pytest.raises(UnacceptableError, match="a fitting that we did not answer"):
        asked(side, **{TRIED: named})
    assert side.everything() == before


def test_another_s_fitting_is_refused_and_one_that_was_answered_to_us():
    with pytest.raises(UnacceptableError, match="did not answer"):
        asked(answering(), STRANGER, **{TRIED: NAMED})
    with pytest.raises(UnacceptableError, match="did not answer"):
        asked(answering(role=CONSUMER), **{TRIED: NAMED})


@pytest.mark.parametrize(
    "named",
    [
        None,
        "one",
        {"agreement": DEAL, "id": "one"},
        NAMED | {"more": 1},
        NAMED | {"answers": []},
        NAMED | {"answers": "ab" * 32},
        NAMED | {"answers": ["ab" * 32] * (ANSWERS_MAX + 1)},
        NAMED | {"answers": ["ab"]},
        NAMED | {"answers": [1]},
        NAMED | {"agreement": "AB" * 32},
        NAMED | {"id": ""},
        NAMED | {"id": "x" * 101},
        NAMED | {"id": "a\nb"},
        NAMED | {"id": 1},
    ],
)
def test_what_is_no_fitting_is_malformed(named):
    with pytest.raises(MalformedError, match="tried"):
        asked(answering(), **{TRIED: named})


def test_it_goes_on_with_every_offer_and_is_shown_once():
    side = Side(reactions={})
    placed(side, REQUESTED, PROVIDER, offer=priced(50, {TRIED: NAMED}), their_price=50, own_price=110, rounds=1)
    assert acted(side, "bargain")["pending"] == OFFERED
    assert side.sent["body"]["offer"][TRIED] == NAMED
    offers = [priced(50, {TRIED: NAMED}), priced(90, {TRIED: NAMED}), priced(90)]

    def act(tx):
        for number, offer in enumerate(offers, 1):
            who = CONSUMER if number % 2 else PROVIDER
            tx.insert("offers_made", negotiation=OURS, number=number, who=who, price=50, offer=offer, at=side.now)
        return rounds.of(tx, tx.get(NegotiationRow, id=OURS), "CNY")

    assert ["tried" in one for one in side.do(act)] == [True, False, False]
    assert PEER.did
