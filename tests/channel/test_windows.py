"""Windows as they rest: which is the newest, which the chain paid, which one waits on which channel."""

from __future__ import annotations

from connector.channel import states, windows
from tests.channel.rig import CHANNEL_ID, Pair

SECOND = b"\xc2" * 32


def look(pair, role, which, *about, channel=CHANNEL_ID):
    db, account = (pair.payer_db if role == "payer" else pair.payee_db), pair.account(role, channel)
    return db.act(lambda tx: which(tx, account, *about))


def three():
    pair = Pair()
    for rows in ([0], [1], [2]):
        pair.window(pair.want(rows))
    return pair


def test_the_newest_among_states_is_found_however_far_back_it_is():
    pair = three()
    assert look(pair, "payee", windows.newest, "paid").seq == 3
    assert look(pair, "payee", windows.newest, "acknowledged").seq == 2
    assert look(pair, "payee", windows.newest, "paid", "acknowledged").seq == 3
    assert look(pair, "payee", windows.newest, "void") is None
    for number in range(4, 8):
        request = pair.plan(pair.want([number]))
        pair.request(request)
    assert pair.states("payee")[3:] == ["void", "void", "void", "offered"]
    assert look(pair, "payee", windows.newest, "paid").seq == 3
    assert look(pair, "payee", windows.newest, "acknowledged").seq == 2
    assert look(pair, "payee", windows.newest, "void").seq == 6
    assert look(pair, "payee", windows.unreleased).seq == 7


def test_later_windows_come_in_order_and_no_more_than_asked():
    pair = three()
    assert [one.seq for one in look(pair, "payer", windows.later, 0, 2)] == [1, 2]
    assert [one.seq for one in look(pair, "payer", windows.later, 2, 9)] == [3]


def test_what_the_chain_paid_last_is_the_window_of_that_amount():
    pair = three()

    def put(**changes):
        pair.payer_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, **changes))

    assert look(pair, "payer", windows.claimed) is None
    put(claimed=140)
    assert look(pair, "payer", windows.claimed).seq == 2
    put(claimed=141)
    assert look(pair, "payer", windows.claimed) is None
    pair.close(pair.acknowledge())
    put(claimed=210)
    assert look(pair, "payer", windows.claimed).seq == 3, "an acknowledgement is of no batch"


def test_a_lock_is_known_everywhere_and_found_on_its_channel():
    pair = Pair()
    pair.open_channel(SECOND, 5000)
    pair.window()
    lock = look(pair, "payer", windows.find, 1).offer.lock
    assert pair.payer_db.act(lambda tx: windows.lock_known(tx, lock)) is True
    assert pair.payer_db.act(lambda tx: windows.lock_known(tx, bytes(32))) is False
    assert look(pair, "payer", windows.by_lock, lock).seq == 1
    assert look(pair, "payer", windows.by_lock, bytes(32)) is None
    assert look(pair, "payer", windows.by_lock, lock, channel=SECOND) is None


def test_what_waits_on_other_channels_is_all_but_this_ones():
    pair = Pair()
    pair.open_channel(SECOND, 5000)
    request = pair.plan(pair.want([0]))
    pair.sign(request, pair.request(request))

    def waiting(role, but=""):
        db = pair.payer_db if role == "payer" else pair.payee_db
        return [one.seq for one in db.act(lambda tx: windows.all_unreleased(tx, role, but))]

    for role in ("payer", "payee"):
        assert (waiting(role), waiting(role, SECOND.hex()), waiting(role, CHANNEL_ID.hex())) == ([1], [1], [])
    assert pair.payer_db.act(lambda tx: windows.all_unreleased(tx, "payee")) == []
    assert look(pair, "payer", windows.find, 1).state in states.UNRELEASED["payer"]
    pair.take(pair.pay(pair.waiting()))
    assert waiting("payer") == waiting("payee") == []
    assert look(pair, "payer", windows.find, 1).state not in states.UNRELEASED["payer"]


def test_an_acknowledged_window_forgets_its_masked_keys():
    pair = Pair()
    pair.window()
    assert look(pair, "payer", windows.find, 1).masked is not None
    pair.acknowledge()
    window = look(pair, "payer", windows.find, 1)
    assert (window.masked, window.state) == (None, "acknowledged")
