"""Duties around a release: one that nobody can do denies it, one that fails releases nothing and takes nothing."""

from __future__ import annotations

import pytest

from connector.channel.errors import ChannelFault, fault
from connector.channel.messages import Denial, ReleaseMessage
from tests.channel.rig import LEASED, Held, Pair


@pytest.fixture
def pair():
    made = Pair(LEASED)
    made.judge.held = (Held("permission/0", "count", 1, 3),)
    return made


def want(pair):
    return pair.want(use=1, reader=pair.keyring.fresh())


def test_what_nobody_can_do_is_denied_by_name_before_anything_is_offered(pair):
    pair.duties.impossible = {"code": "duty-impossible", "text": "the duty to `watermark` cannot be done", "path": "/x"}
    answer = pair.request(pair.plan(want(pair)))
    assert isinstance(answer, Denial)
    assert (answer.outcome, [reason["code"] for reason in answer.reasons]) == ("deny", ["duty-impossible"])
    assert pair.payee_db.act(lambda tx: tx.find("uses")) == []
    assert pair.states("payee") == []


def test_what_became_impossible_since_the_offer_is_refused_in_writing(pair):
    request = pair.plan(want(pair))
    voucher = pair.sign(request, pair.request(request))
    pair.duties.impossible = {"code": "duty-impossible", "text": "no more", "path": "/x"}
    answer = pair.pay(voucher)
    assert not isinstance(answer, ReleaseMessage)
    assert answer.code == "denied"
    assert [row["state"] for row in pair.payee_db.act(lambda tx: tx.find("uses"))] == ["returned"]


def test_one_that_fails_releases_nothing_and_the_same_voucher_is_good_later(pair):
    request = pair.plan(want(pair))
    voucher = pair.sign(request, pair.request(request))
    before = pair.payee_db.dump()
    pair.duties.fails = fault("duty-failed", "the party to be told is not there")
    with pytest.raises(ChannelFault) as failed:
        pair.pay(voucher)
    assert (failed.value.code, failed.value.whose) == ("duty-failed", "payee")
    assert pair.payee_db.dump() == before
    pair.duties.fails = None
    assert isinstance(pair.pay(voucher), ReleaseMessage)
    assert pair.duties.did == ["allow"]
    assert isinstance(pair.pay(voucher), ReleaseMessage)
    assert pair.duties.did == ["allow"]  # once, however often the voucher comes
