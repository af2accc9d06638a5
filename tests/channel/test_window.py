"""The straight way: windows, taper, books, evidence, claims."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.channel import account as accounts
from connector.channel import claims, states, window, windows
from connector.channel.errors import ChannelFault
from connector.channel.priced import Tally
from connector.store.rows.channel import WindowState
from contracts import signature
from contracts.ranges import RowSet
from contracts.tariff import Tariff, amount, order_amount
from contracts.typed_data import digest
from tests.channel.rig import CHANNEL_ID, CHANNELS, KEPT, LEASED, PAYEE, REGISTRY, Pair, make_table, secret_of
from tests.every import every


def test_a_pull_takes_the_index_first_tapers_to_one_row_and_pays_exactly_the_price():
    pair = Pair(rows=20)
    sizes = pair.pull(pair.want(critical=[19]))
    assert sizes == [1, 1, 4, 4, 4, 3, 2, 1]  # index, footer, 4 rows = 280 <= 300 at a time, then halving
    assert pair.keyring.kept == {row: secret_of(row) for row in range(20)}
    plain = pair.table.plain_bytes()
    price = amount(KEPT.tariff, plain)
    assert pair.paid("payer") == pair.paid("payee") == ([[0, 20]], plain, price)
    for role in ("payer", "payee"):
        assert pair.account(role).cumulative == price
    last = pair.acknowledge()
    assert pair.close(last) is None
    assert pair.acknowledge() == last
    assert pair.close(last) is None
    assert pair.states("payer") == ["acknowledged"] * 8 + ["closing"]
    assert pair.states("payee") == ["acknowledged"] * 8 + ["closing"]
    assert pair.plan() is None


def test_both_logs_tell_the_window():
    pair = Pair(rows=2)
    pair.pull()
    pair.close(pair.acknowledge())
    assert pair.events("payer") == ["keys.received", "keys.received"]
    per_window = ["decision.made", "keys.offered", "decision.made", "keys.released"]
    assert pair.events("payee") == [
        *per_window,
        *per_window[:2],
        "decision.made",
        "keys.acknowledged",
        "keys.released",
        "keys.acknowledged",
    ]


def test_the_release_is_receipted_with_its_leaf():
    pair = Pair()
    request = pair.plan()
    offer = pair.request(request)
    voucher = pair.sign(request, offer)
    released = pair.pay(voucher)
    receipt = released.receipt
    assert receipt.voucher_digest == digest(CHANNELS, voucher.voucher)
    assert receipt.offer_digest == digest(REGISTRY, offer.offer)
    assert signature.is_by(PAYEE, digest(REGISTRY, receipt), released.signature)
    index = pair.events("payee").index("keys.released")
    leaf = pair.payee_db.act(lambda tx: pair.holder.evidence.leaf(tx, index))
    assert receipt.log_leaf == leaf


def test_no_table_of_either_side_holds_preimage_and_masked_keys_together():
    pair = Pair()
    request = pair.plan()
    released = pair.pay(pair.sign(request, pair.request(request)))
    pair.take(released)
    assert released.preimage.hex().upper() not in pair.payer_db.dump().upper()
    for row in range(12):
        assert secret_of(row).hex().upper() not in pair.payee_db.dump().upper()
    pair.close(pair.acknowledge())
    masked = pair.payer_db.act(lambda tx: [row["masked"] for row in tx.find("windows")])
    assert masked == [None, None]


def claim(pair):
    return pair.payee_db.act(lambda tx: claims.newest(tx, pair.holder, CHANNEL_ID, pair.now))


def test_what_the_payee_can_claim_at_each_step():
    pair = Pair()
    assert claim(pair) is None
    request = pair.plan()
    offer = pair.request(request)
    assert claim(pair) is None
    voucher = pair.sign(request, offer)
    released = pair.pay(voucher)
    found = claim(pair)
    assert (found.voucher, found.signature, found.preimage) == (voucher.voucher, voucher.signature, released.preimage)
    pair.take(released)
    last = pair.acknowledge()
    pair.close(last)
    found = claim(pair)
    assert (found.voucher, found.preimage) == (last.voucher, bytes(32))


def urgent(pair):
    return pair.payee_db.act(lambda tx: claims.urgent(tx, pair.holder, pair.now))


def test_claims_become_urgent_before_the_voucher_or_the_channel_runs_out():
    pair = Pair()
    pair.window()
    assert urgent(pair) == []
    pair.later(KEPT.lock_ttl - KEPT.claim_margin)
    assert [channel for channel, _ in urgent(pair)] == [CHANNEL_ID]
    pair.close(pair.acknowledge())
    assert urgent(pair) == []
    pair.later(29 * 86_400)
    assert len(urgent(pair)) == 1
    pair.payee_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, claimed=70))
    assert urgent(pair) == []


# ---- sizes -------------------------------------------------------------------------------------------------------


@given(
    st.integers(1, 40),
    st.integers(0, 3),
    st.integers(1, 30),
    st.integers(0, 2000),
    st.lists(st.integers(0, 39), max_size=5),
)
def test_windows_fit_the_money_come_in_order_and_end(rows, minor, index, money, critical):
    index = min(index, rows)
    table, tariff = make_table(rows, index), Tariff("byte", minor, 3, "CNY")
    critical = RowSet.rows(row for row in critical if row < rows)
    tally, wanted, turns = Tally(), RowSet.of([(0, rows)]), []
    while wanted:
        first = next(iter(window.stage(table, wanted, critical)))
        if order_amount(tariff, tally.quantity, tally.quantity + table.plain_bytes(first, 1)) > money:
            with pytest.raises(ChannelFault, match="too-dear"):
                window.next_rows(window.Purse(table, tariff, tally, money), wanted, critical)
            return
        taken = window.next_rows(window.Purse(table, tariff, tally, money), wanted, critical)
        plain = sum(table.plain_bytes(row, 1) for row in taken)
        assert order_amount(tariff, tally.quantity, tally.quantity + plain) <= money
        turns += [0 if row < index else 1 if row in critical else 2 for row in taken]
        if minor:
            assert len(taken) <= max(1, (len(wanted) + 1) // 2)
        tally = Tally(tally.rows | taken, tally.quantity + plain, amount(tariff, tally.quantity + plain))
        wanted = wanted - taken
    assert turns == sorted(turns)


TWELVE = make_table(12)
PLENTY = 10_000


def purse(tariff=KEPT.tariff, money=PLENTY, tally=None, **more):
    return window.Purse(TWELVE, tariff, tally or Tally(), money, **more)


@every(("wanted", "taken"), [(1, 1), (2, 1), (3, 2), (4, 2), (9, 5), (10, 5), (11, 6)])
def test_towards_the_end_half_of_what_is_left_is_taken(wanted, taken):
    rows = RowSet.of([(1, wanted)])
    assert window.next_rows(purse(), rows, RowSet()) == RowSet.of([(1, taken)])


@every(("money", "taken"), [(70, 1), (139, 1), (140, 2), (349, 4), (350, 5), (PLENTY, 6)])
def test_as_many_rows_are_taken_as_the_money_pays(money, taken):
    assert len(window.next_rows(purse(money=money), RowSet.of([(1, 11)]), RowSet())) == taken


@pytest.mark.parametrize("most", [1, 3, 6])
def test_no_more_rows_are_taken_than_there_may_be(most):
    assert len(window.next_rows(purse(most=most), RowSet.of([(1, 11)]), RowSet())) == most
    free = Tariff("free", 0, 1, "CNY")
    assert len(window.next_rows(purse(free, 0, most=most), RowSet.of([(1, 11)]), RowSet())) == most


@pytest.mark.parametrize(("quota", "rows"), [(3999, 3), (4000, 4), (4001, 4), (11_333, 12)])
def test_a_quota_is_drawn_on_to_its_last_unit_for_one_price(quota, rows):
    tariff = Tariff("subscription", 100, quota, "CNY", (), "byte", "day")
    held = purse(tariff, 100)
    taken = window.next_rows(held, RowSet.of([(0, 12)]), RowSet())
    assert (len(taken), held.cost(taken)) == (rows, 100)
    if rows < 12:
        spent = Tally(taken, held.quantity(taken), 100)
        with pytest.raises(ChannelFault) as none:
            window.next_rows(purse(tariff, 100, spent), RowSet.of([(rows, 1)]), RowSet())
        assert (none.value.code, none.value.text) == ("over-quota", "the quota of this day is used up")


def test_a_row_that_is_dearer_than_the_money_is_said_so():
    with pytest.raises(ChannelFault) as dear:
        window.next_rows(purse(money=69), RowSet.of([(1, 1)]), RowSet())
    assert dear.value.text == "one row costs more than the 0.69 CNY that may be unreleased"
    assert window.next_rows(purse(money=0), RowSet(), RowSet()) == RowSet()


def test_an_opening_takes_all_rows_at_once_where_its_price_is_for_all_of_them():
    rows, advance = RowSet.of([(0, 12)]), Tariff("advance", 300, 1, "CNY")
    assert window.opening_rows(purse(LEASED.tariff, 250, begins=True), rows, RowSet()) == rows
    assert window.opening_rows(purse(advance, 300), rows, RowSet()) == rows
    assert window.opening_rows(purse(money=300), rows, RowSet()) == RowSet.of([(0, 1)])
    with pytest.raises(ChannelFault, match="too-dear"):
        window.opening_rows(purse(LEASED.tariff, 249, begins=True), rows, RowSet())
    assert window.opening_rows(purse(LEASED.tariff, 0), rows, RowSet()) == rows


def test_an_opening_is_bought_whole():
    pair = Pair(LEASED)
    assert len(pair.window(pair.want(use=1, reader=pair.keyring.fresh())).keys) == 12


# ---- states ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", states.MOVES)
def test_every_cell_of_both_state_tables(role):
    table = states.MOVES[role]
    every = {state for state, _ in table} | {move.after for move in table.values()}
    for state in every:
        for act in {act for _, act in table}:
            if (state, act) in table:
                assert states.move(role, state, act) == table[state, act]
            else:
                with pytest.raises(AssertionError):
                    states.move(role, state, act)
    ends = every - {state for state, _ in table}
    assert ends == {"payer": {"acknowledged", "fault", "closing"}, "payee": {"acknowledged", "closing"}}[role]


def test_a_free_product_needs_no_taper_and_no_money():
    pair = Pair(replace(KEPT, tariff=Tariff("byte", 0, 1, "CNY"), max_exposure=0), deposit=0, cap=0)
    assert pair.pull() == [1, 11]
    assert pair.account("payee").cumulative == 0


def test_a_window_is_read_back_as_it_was_written(monkeypatch):
    """Whoever steps on believes the written value (`Tx.note`), so the row must say the same."""
    save, written = windows.save, []

    def saved(tx, entry):
        written.append(save(tx, entry))
        account = accounts.load(tx, CHANNEL_ID, entry.role)
        assert windows.find(tx, account, entry.seq) == entry
        return entry

    monkeypatch.setattr(windows, "save", saved)
    pair = Pair(rows=4)
    pair.pull()
    pair.judge.outcomes["release"] = "deny"
    pair.refuse(pair.pay(pair.sign(request := pair.plan(pair.want(use=2)), pair.request(request))))
    pair.close(pair.acknowledge())
    assert {entry.state for entry in written} >= {
        WindowState.OFFERED,
        WindowState.PAID,
        WindowState.SIGNED,
        WindowState.RELEASED,
        WindowState.ACKNOWLEDGED,
        WindowState.VOID,
        WindowState.CLOSING,
    }


def test_the_newest_window_is_found_without_walking_through_the_others():
    pair = Pair()
    plan = pair.payer_db.connection.execute(f"EXPLAIN QUERY PLAN {windows._AMONG[3]}", ("signed", "x") * 3).fetchall()
    looks = [told[-1] for told in plan if "windows" in told[-1]]
    assert len(looks) == 3
    assert all("COVERING INDEX" in look and "state=? AND channel=?" in look for look in looks)
