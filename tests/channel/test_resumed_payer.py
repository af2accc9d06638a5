"""What a payer takes of what its payee shows: keys it lost, seqs it forgot, refusals it missed, and nothing forged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.channel import receive, resume
from connector.channel.errors import ChannelFault
from connector.channel.messages import Resume
from tests.channel.rig import CHANNEL_ID, Pair, over_the_wire, secret_of
from tests.channel.test_resume import OTHER, level, offered, show, tell


def take(pair, answer):
    """What the payer says to the payee's answer."""
    told = over_the_wire(answer)
    return pair.payer_db.act(lambda tx: resume.on_resume_payer(tx, pair.buyer, CHANNEL_ID, told, pair.now))


def changed(answer, **changes):
    return replace(answer, windows=tuple(replace(told, **changes) for told in answer.windows))


def refused(pair, answer):
    before = pair.payer_db.dump()
    with pytest.raises(ChannelFault) as fault:
        take(pair, answer)
    assert fault.value.code == "bad-testimony"
    assert pair.payer_db.dump() == before


@pytest.fixture
def unheard():
    """A pair whose second voucher was released; the release never came."""
    pair = Pair()
    pair.window(pair.want([0]))
    request = pair.plan(pair.want([1, 2]))
    pair.pay(pair.sign(request, pair.request(request)))
    return pair


@pytest.fixture
def lost():
    """A payer restored to before a window that it paid and whose keys it had."""
    pair = Pair()
    pair.window(pair.want([0]))
    before = pair.payer_db.save()
    pair.window(pair.want([1, 2]))
    pair.payer_db.restore(before)
    pair.keyring.kept = {0: secret_of(0)}
    return pair


def test_a_release_that_never_came_is_taken_and_recorded(unheard):
    assert take(unheard, tell(unheard, show(unheard))) is None
    assert unheard.states("payer") == ["acknowledged", "released"]
    assert unheard.keyring.kept == {0: secret_of(0), 1: secret_of(1)}
    assert unheard.events("payer") == ["keys.received"] * 2


def test_a_window_that_was_forgotten_comes_back_with_its_keys_and_is_not_recorded_again(lost):
    answer = tell(lost, show(lost))
    for _ in ("once", "told again it changes nothing"):
        assert take(lost, answer) is None
        assert lost.states("payer") == ["acknowledged", "released"]
    assert lost.account("payer") == replace(lost.account("payee"), role="payer", peer=lost.account("payer").peer)
    assert lost.keyring.kept == {0: secret_of(0), 1: secret_of(1)}
    assert lost.events("payer") == ["keys.received"]


def test_a_voucher_that_waits_is_not_taken_as_released_without_its_preimage(unheard):
    refused(unheard, changed(tell(unheard, show(unheard)), preimage=None))
    assert unheard.states("payer") == ["acknowledged", "signed"]


def test_what_was_signed_and_forgotten_counts_without_its_preimage_and_is_had_again_for_nothing(lost):
    assert take(lost, changed(tell(lost, show(lost)), preimage=None)) is None
    assert lost.states("payer") == ["acknowledged", "released"]
    assert lost.account("payer").cumulative == lost.account("payee").cumulative == 140
    assert lost.keyring.kept == {0: secret_of(0)}
    lost.window(lost.want([1], use=2))
    assert (lost.keyring.kept[1], lost.account("payer").cumulative) == (secret_of(1), 140)


def test_another_preimage_or_other_sealed_keys_are_no_testimony(lost):
    answer = tell(lost, show(lost))
    [told] = answer.windows
    boxes = {key: bytes(len(box)) for key, box in told.offered.sealed_keys.items()}
    refused(lost, changed(answer, preimage=OTHER))
    refused(lost, changed(answer, offered=replace(told.offered, sealed_keys=boxes)))


def test_masked_keys_that_are_here_need_no_sealed_ones(unheard):
    answer = tell(unheard, show(unheard))
    [told] = answer.windows
    unheard.keyring.readers.clear()
    assert take(unheard, changed(answer, offered=replace(told.offered, sealed_keys={}))) is None
    assert unheard.keyring.kept[1] == secret_of(1)


def test_a_window_without_a_receipt_is_not_taken(lost):
    answer = changed(tell(lost, show(lost)), receipt=None, receipt_signature=b"")
    refused(lost, answer)


@pytest.mark.parametrize("later", [False, True])
def test_a_refusal_of_a_voucher_that_was_forgotten_uses_its_seq(later):
    """`later`: after the back-up was put back, something else was signed, with a later seq."""
    pair = Pair()
    pair.window(pair.want([0]))
    before = pair.payer_db.save()
    request = pair.plan(pair.want([1]))
    voucher = pair.sign(request, pair.request(request))
    pair.judge.outcomes["release"] = "deny"
    answer = pair.pay(voucher)
    pair.payer_db.restore(before)
    if later:
        request = pair.plan(pair.want([1]))
        pair.sign(request, pair.request(request))
    level(pair)
    assert pair.states("payer") == (["acknowledged", "void", "signed"] if later else ["released", "void"])
    row = pair.payer_db.act(lambda tx: tx.get("windows", channel=CHANNEL_ID.hex(), seq=2))
    assert (row["code"], row["refusal_signature"]) == ("denied", answer.signature)
    assert pair.account("payer").seq == (3 if later else 2)


def test_a_refusal_that_never_came_is_taken_and_must_be_of_its_voucher():
    pair = Pair()
    request = pair.plan(pair.want([0]))
    voucher = pair.sign(request, pair.request(request))
    pair.judge.outcomes["release"] = "deny"
    pair.pay(voucher)
    answer = tell(pair, show(pair))
    [told] = answer.windows
    with pytest.raises(ChannelFault) as fault:
        take(pair, changed(answer, refused=replace(told.refused, code="other")))
    assert fault.value.code == "bad-refusal"
    assert pair.states("payer") == ["signed"]
    assert take(pair, answer) is None
    assert pair.states("payer") == ["void"]
    assert take(pair, answer) is None, "told again it changes nothing"


def test_a_forged_refusal_of_a_forgotten_voucher_is_not_remembered():
    pair = Pair()
    before = pair.payer_db.save()
    request = pair.plan(pair.want([0]))
    voucher = pair.sign(request, pair.request(request))
    pair.judge.outcomes["release"] = "deny"
    pair.pay(voucher)
    pair.payer_db.restore(before)
    answer = tell(pair, show(pair))
    [told] = answer.windows
    with pytest.raises(ChannelFault) as fault:
        take(pair, changed(answer, refused=replace(told.refused, signature=bytes(65))))
    assert fault.value.code == "bad-refusal"
    assert pair.states("payer") == []


@pytest.mark.parametrize(("seq", "waits"), [(5, False), (2, True), (1, False)])
def test_a_state_that_leads_nowhere_is_no_testimony(seq, waits):
    """The payee says that more was released than the payer signed, or other orders, and shows nothing of it."""
    pair = Pair()
    pair.window(pair.want([0]))
    if waits:
        request = pair.plan(pair.want([1]))
        pair.sign(request, pair.request(request))
        pair.judge.outcomes["release"] = "deny"
        pair.refuse(pair.pay(pair.waiting()))
        pair.judge.outcomes.clear()
        request = pair.plan(pair.want([1]))
        pair.sign(request, pair.request(request))
    refused(pair, Resume(seq, OTHER))


def test_to_a_payee_that_is_behind_what_it_lacks_is_shown(unheard):
    unheard.take(unheard.pay(unheard.waiting()))
    next_message = take(unheard, Resume(0, CHANNEL_ID))
    assert next_message == show(unheard, 0)
    assert [told.paid.voucher.seq for told in next_message.windows] == [1, 2]


def test_another_offer_of_the_same_seq_is_kept_as_a_proof_and_ends_the_channel(unheard):
    answer = tell(unheard, show(unheard))
    [told] = answer.windows
    bare = {"receipt": None, "receipt_signature": b"", "preimage": None}
    found = take(unheard, changed(answer, offered=offered(told, masked_hash=OTHER), **bare))
    assert (found.seq, unheard.account("payer").state) == (2, "stopped")
    [kept] = unheard.payer_db.act(lambda tx: tx.find("bundles"))
    assert (kept["id"], kept["code"], kept["seq"]) == (found.bundle, "equivocation", 2)


# ---- keys that came from the chain, without a receipt


def from_chain(pair, rows):
    request = pair.plan(pair.want(rows))
    voucher = pair.sign(request, pair.request(request)).voucher
    released = pair.pay(pair.waiting())
    taken = (CHANNEL_ID, voucher.cumulative_amount, voucher.account_hash, released.preimage, pair.now)
    return pair.payer_db.act(lambda tx: receive.on_claimed(tx, pair.buyer, *taken))


def begin(pair):
    return pair.payer_db.act(lambda tx: resume.show_all(tx, pair.buyer, CHANNEL_ID, pair.now))


def test_keys_with_a_receipt_are_shown_and_not_acknowledged_for_it(lost):
    level(lost)
    assert [told.acknowledged for told in begin(lost).windows] == [None]
    assert lost.states("payer") == ["acknowledged", "released"]


def test_keys_from_the_chain_are_acknowledged_once():
    pair = Pair()
    from_chain(pair, [0])
    first = begin(pair)
    assert first.windows[0].acknowledged is not None
    assert pair.states("payer") == ["acknowledged", "closing"]
    assert begin(pair) == first
    assert pair.states("payer") == ["acknowledged", "closing"]


@pytest.mark.parametrize("state", ["frozen", "closed", "stopped"])
def test_on_a_channel_that_stands_still_nothing_is_signed_to_show_them(state):
    pair = Pair()
    from_chain(pair, [0])
    pair.payer_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, state=state))
    assert begin(pair).windows[0].acknowledged is None
    assert pair.states("payer") == ["released"]


def test_wrong_keys_from_the_chain_are_shown_and_not_acknowledged():
    pair = Pair()
    pair.editions.wrong = {0}
    assert from_chain(pair, [0]).code == "key"
    assert begin(pair).windows[0].acknowledged is None
    assert pair.states("payer") == ["fault"]


@pytest.mark.parametrize("released", [1, 2, 3, 4])
def test_a_voucher_that_waits_is_refused_by_a_payee_that_lost_its_offer(monkeypatch, released):
    """However many windows it takes to bring the payee level, the voucher that waits is shown to it then."""
    monkeypatch.setattr(resume, "MAX_WINDOWS", 2)
    pair = Pair()
    pair.window(pair.want([0]))
    before = pair.payee_db.save()
    for row in range(1, released + 1):
        pair.window(pair.want([row]))
    request = pair.plan(pair.want([released + 1]))
    voucher = pair.sign(request, pair.request(request))
    pair.payee_db.restore(before)
    level(pair)
    for side in ("payer", "payee"):
        assert pair.states(side)[-1] == "void", side
    answer = pair.pay(voucher)
    assert answer.code == "lost"


def test_a_payee_of_another_state_is_shown_what_waits():
    pair = Pair()
    request = pair.plan(pair.want([0]))
    voucher = pair.sign(request, pair.request(request))
    said = Resume(0, b"\x99" * 32, ())
    told = pair.payer_db.act(lambda tx: resume.on_resume_payer(tx, pair.buyer, CHANNEL_ID, said, pair.now))
    assert [one.paid for one in told.windows] == [voucher]
