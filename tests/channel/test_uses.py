"""Uses as rows: caps hold, holders count once, chains are all or none, and every operand follows from the rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.channel.errors import ChannelFault
from connector.channel.messages import Denial
from connector.enforcement import uses
from connector.enforcement.counted import Counted, Held
from connector.enforcement.uses import Draw
from connector.runtime.errors import explain_failure
from policy.vocabulary.operands import OPERANDS, Source, State
from tests.channel.rig import LEASED, Database, Pair
from tests.channel.test_crash import level
from tests.channel.test_leased import POLICY, judged, opened
from tests.every import every

CAP = 57
AGREEMENT = "a1" * 32
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
COUNTED = {"r": Counted(instants=9), "permission/0": Counted(instants=9)}
SHARE = Held("permission/0", "count", 1, CAP)


def counted(tx, agreement=AGREEMENT, now=NOW, without=""):
    return uses.taken(tx, agreement, COUNTED, without=without, now=now)


STEPS = st.lists(
    st.tuples(st.sampled_from(["reserve", "commit", "give back"]), st.sampled_from("abcdef"), st.integers(1, 3)),
    max_size=40,
)


@given(STEPS, st.integers(0, 6))
def test_any_order_of_steps_keeps_to_the_cap_and_counts_each_holder_once(steps, cap):
    database, state, shares = Database(), {}, {}
    for step, holder, amount in steps:
        held = [Held("r", "absoluteSize", Fraction(amount, 2), cap)]
        live = sum(shares[one] for one in state if state[one] != "returned")
        if step == "reserve" and state.get(holder, "returned") == "returned":
            fits = live + Fraction(amount, 2) <= cap
            try:
                database.act(lambda tx, h=held, who=holder: uses.reserve(tx, [Draw(AGREEMENT, h)], who, NOW))
            except uses.Exhausted:
                assert not fits
            else:
                assert fits
                state[holder], shares[holder] = "reserved", Fraction(amount, 2)
        elif step == "reserve":
            database.act(lambda tx, h=held, who=holder: uses.reserve(tx, [Draw(AGREEMENT, h)], who, NOW))
        elif step == "commit":
            database.act(lambda tx, who=holder: uses.commit(tx, who))
            state.update({holder: "committed"} if state.get(holder) == "reserved" else {})
        else:
            database.act(lambda tx, who=holder: uses.give_back(tx, who))
            state.update({holder: "returned"} if state.get(holder) == "reserved" else {})
        expected = sum((shares[one] for one in state if state[one] != "returned"), Fraction())
        assert database.act(counted).get(("r", "absoluteSize"), 0) == expected <= cap


def test_a_chain_is_drawn_on_as_a_whole_or_not_at_all():
    database = Database()

    def draw(holder, above):
        draws = [Draw("parent", [replace(SHARE, limit=2)]), Draw("child", [replace(SHARE, limit=10)])]
        database.act(lambda tx: uses.reserve(tx, draws[not above :], holder, NOW))

    draw("z1", above=True)
    draw("z2", above=True)
    with pytest.raises(uses.Exhausted, match="all taken"):
        draw("z3", above=True)
    assert database.act(lambda tx: counted(tx, "child")) == {("permission/0", "count"): 2}
    assert database.act(lambda tx: counted(tx, "parent")) == {("permission/0", "count"): 2}
    draw("z4", above=False)  # the child alone has room


def test_bytes_are_measured_here_and_summed_over_openings():
    size = {"leftOperand": "absoluteSize", "operator": "lteq", "rightOperand": str(2 * 11_333)}
    pair = judged(Pair(replace(LEASED, policy={"permission": [{"action": "use", "constraint": [size]}]})))
    for _ in range(2):
        pair.window(opened(pair))
    lying = replace(opened(pair), context={"purpose": "urn:p", "absoluteSize": "1"})
    answer = pair.request(pair.plan(lying))
    assert (outcome(answer), [reason["code"] for reason in answer.reasons]) == ("deny", ["limit-exhausted"])
    taken = pair.payee_db.act(lambda tx: tx.find("uses"))
    assert [row["numerator"] for row in taken] == [11_333] * 2


@every("name", ["percentage", "relativeSize"])
def test_an_opening_is_the_share_of_all_that_was_agreed_however_little_its_first_window_brings(name):
    share = {"leftOperand": name, "operator": "lteq", "rightOperand": "200"}
    pair = judged(Pair(replace(LEASED, policy={"permission": [{"action": "use", "constraint": [share]}]})))
    for _ in range(2):
        pair.window(opened(pair))
    lying = replace(opened(pair), context={"purpose": "urn:p", name: "0"})
    answer = pair.request(pair.plan(lying))
    assert (outcome(answer), [reason["code"] for reason in answer.reasons]) == ("deny", ["limit-exhausted"])
    taken = pair.payee_db.act(lambda tx: tx.find("uses"))
    assert [(row["operand"], row["numerator"], row["denominator"]) for row in taken] == [(name, 100, 1)] * 2


def test_each_operand_is_worked_out_of_the_same_rows():
    database = Database()
    held = [Held("r", name, 1, None) for name in ("count", "elapsedTime", "timeInterval", "frequency", "meteredTime")]
    for number, seconds in enumerate((0, 60, 600)):
        at = NOW + timedelta(seconds=seconds)
        database.act(lambda tx, n=number, at=at: uses.reserve(tx, [Draw(AGREEMENT, held)], f"h{n}", at))
        database.act(lambda tx, n=number: uses.commit(tx, f"h{n}"))
    database.act(lambda tx: uses.end(tx, "h0", NOW + timedelta(seconds=30)))
    database.act(lambda tx: uses.end(tx, "h0", NOW + timedelta(seconds=900)))  # it is over already
    later = NOW + timedelta(seconds=660)
    instants = (NOW, NOW + timedelta(seconds=60), NOW + timedelta(seconds=600))
    assert database.act(lambda tx: counted(tx, now=later)) == {
        ("r", "count"): 3,
        ("r", "elapsedTime"): NOW,
        ("r", "timeInterval"): instants[-1],
        ("r", "frequency"): instants,
        ("r", "meteredTime"): 30 + 600 + 60,  # open sessions count up to now
    }
    assert database.act(lambda tx: counted(tx, now=later, without="h2"))["r", "meteredTime"] == 30 + 600


def test_a_rate_is_told_as_many_of_the_newest_instants_as_it_looks_at():
    database = Database()
    for number in range(3):
        at = NOW + timedelta(seconds=number)
        draw = Draw(AGREEMENT, [Held("r", "frequency", 1, None)])
        database.act(lambda tx, at=at, draw=draw: uses.reserve(tx, [draw], f"h{at}", at))

    def told(counted):
        return database.act(lambda tx: uses.taken(tx, AGREEMENT, {"r": counted}, without="", now=NOW))

    instants = tuple(NOW + timedelta(seconds=number) for number in range(3))
    for asked in range(4):
        assert told(Counted(instants=asked)) == {("r", "frequency"): instants[3 - asked :]}
    assert told(Counted()) == {("r", "frequency"): ()}


def test_a_sum_of_whole_numbers_is_one_and_of_parts_a_fraction():
    database = Database()
    for holder, parts in (("a", 2), ("b", 1)):
        held = [Held("r", "count", 1, None), Held("r", "absoluteSize", Fraction(parts, 2), None)]
        database.act(lambda tx, who=holder, held=held: uses.reserve(tx, [Draw(AGREEMENT, held)], who, NOW))
    told = database.act(counted)
    assert told == {("r", "count"): 2, ("r", "absoluteSize"): Fraction(3, 2)}
    assert (type(told["r", "count"]), type(told["r", "absoluteSize"])) == (int, Fraction)


def test_what_was_given_back_can_be_taken_anew_and_what_is_final_cannot_be_given_back():
    database, told = Database(), []
    draws = [Draw(AGREEMENT, [replace(SHARE, limit=1)])]

    def act(work):
        database.act(work)
        told.append((database.act(counted), [row["state"] for row in database.act(lambda tx: tx.find("uses"))]))

    act(lambda tx: uses.reserve(tx, draws, "h", NOW))
    act(lambda tx: uses.give_back(tx, "h"))
    act(lambda tx: uses.reserve(tx, draws, "h", NOW))
    act(lambda tx: uses.commit(tx, "h"))
    act(lambda tx: uses.give_back(tx, "h"))
    one = {("permission/0", "count"): 1}
    states = ["reserved", "returned", "reserved", "committed", "committed"]
    assert told == [({} if state == "returned" else one, [state]) for state in states]
    with pytest.raises(uses.Exhausted) as full:
        database.act(lambda tx: uses.reserve(tx, draws, "other", NOW))
    assert explain_failure(full.value).code == "exhausted"
    assert str(full.value) == "`count` of rule `permission/0` has 1 in all, all taken"
    database.act(lambda tx: uses.reserve(tx, draws, "other", NOW, bounded=False))
    assert database.act(counted) == {("permission/0", "count"): 2}


def test_where_nothing_is_counted_nothing_is_taken():
    database = Database()
    database.act(lambda tx: uses.reserve(tx, [Draw(AGREEMENT, [SHARE])], "h", NOW))
    assert database.act(lambda tx: uses.taken(tx, AGREEMENT, {}, without="", now=NOW)) == {}
    assert database.act(lambda tx: uses.taken(tx, AGREEMENT, {"other": Counted()}, without="", now=NOW)) == {
        ("permission/0", "count"): 1
    }


def test_everything_that_a_policy_remembers_follows_from_the_rows():
    remembered = {operand.state for operand in OPERANDS.values() if operand.source is Source.COUNTER}
    assert remembered - {State.PAID, State.TRIGGER} == set(uses.FOLDS)  # nobody takes from these two


def test_units_are_counted_apart():
    database = Database()

    def take(user, holder):
        draw = Draw(AGREEMENT, [replace(SHARE, limit=2, unit=user)])
        database.act(lambda tx: uses.reserve(tx, [draw], holder, NOW))

    for holder, user in enumerate(("u1", "u1", "u2")):
        take(user, f"h{holder}")
    with pytest.raises(uses.Exhausted):
        take("u1", "h9")
    assert database.act(counted) == {}
    told = {"permission/0": Counted("u2")}
    assert database.act(lambda tx: uses.taken(tx, AGREEMENT, told, without="", now=NOW)) == {
        ("permission/0", "count"): 1
    }
    assert database.act(lambda tx: uses.taken(tx, AGREEMENT, None, without="", now=NOW)) is None


# ---- the scenarios of facts/policy-and-digital-contract.md, section F, that are about state


def outcome(answer):
    return answer.outcome if isinstance(answer, Denial) else "allow"


@pytest.fixture
def pair():
    return judged(Pair(replace(LEASED, policy=POLICY, max_exposure=1000)))


def test_scenario_06_two_concurrent_requests_share_one_place(pair):
    for _ in range(2):
        pair.window(opened(pair))
    pair.open_channel(b"\xc2" * 32, 5000)
    requests = [(pair.plan(opened(pair), channel), channel) for channel in (b"\xc1" * 32, b"\xc2" * 32)]
    pair.editions.secrets, secrets = None, pair.editions.secrets  # the first to ask fails before delivery
    with pytest.raises(TypeError):
        pair.request(*requests[0])
    assert [row["state"] for row in pair.payee_db.act(lambda tx: tx.find("uses"))] == ["committed"] * 2
    pair.editions.secrets = secrets
    first, second = [pair.request(*one) for one in requests]
    assert (outcome(first), outcome(second)) == ("allow", "deny")
    assert [reason["code"] for reason in second.reasons] == ["count-exhausted"]
    assert pair.request(*requests[0]) == first  # the same request again takes nothing more
    states = [row["state"] for row in pair.payee_db.act(lambda tx: tx.find("uses"))]
    assert sorted(states) == ["committed", "committed", "reserved"]


def test_scenario_07_counters_are_per_agreement_and_an_organisation_is_counted_together(pair):
    for _ in range(3):
        pair.window(opened(pair))  # whichever user of the organisation asks
    assert outcome(pair.request(pair.plan(opened(pair)))) == "deny"
    other = pair.agree(replace(LEASED, policy=POLICY, salt=b"\x0a" * 32))
    want = replace(opened(pair), agreement=other)
    assert outcome(pair.request(pair.plan(want))) == "allow"


def test_scenario_11_two_first_uses_share_one_start():
    database = Database()
    held = [Held("permission/0", "elapsedTime", 1, None)]
    for holder, seconds in (("late", 2), ("early", 1)):
        at = NOW + timedelta(seconds=seconds)
        database.act(lambda tx, who=holder, at=at: uses.reserve(tx, [Draw(AGREEMENT, held)], who, at))
    assert database.act(counted) == {("permission/0", "elapsedTime"): NOW + timedelta(seconds=1)}
    database.act(lambda tx: uses.give_back(tx, "early"))  # its act failed: it was no use
    assert database.act(counted) == {("permission/0", "elapsedTime"): NOW + timedelta(seconds=2)}


def test_scenario_16_only_this_payment_and_only_once_makes_it_allowed():
    amount = {"leftOperand": "payAmount", "operator": "eq", "rightOperand": "250", "unit": "CNY"}
    policy = {"permission": [POLICY["permission"][0] | {"duty": [{"action": "compensate", "constraint": [amount]}]}]}
    pair = judged(Pair(replace(LEASED, policy=policy, max_exposure=1000)))
    request = pair.plan(opened(pair))
    offer = pair.request(request)
    made = pair.payee_db.act(lambda tx: tx.find("decisions"))
    assert [row["outcome"] for row in made] == ["conditional"]  # unpaid: the duty is named
    assert [duty["action"] for duty in made[0]["decision"]["decision"]["duties"]] == ["compensate"]
    voucher = pair.sign(request, offer)
    less = replace(voucher, voucher=replace(voucher.voucher, cumulative_amount=249))
    with pytest.raises(ChannelFault) as short:
        pair.pay(less)
    assert short.value.code == "amount-under"
    assert [row["state"] for row in pair.payee_db.act(lambda tx: tx.find("uses"))] == ["reserved"]
    first = pair.pay(voucher)
    pair.take(first)
    assert pair.pay(voucher) == first  # a receipt that was used opens nothing more
    made = pair.payee_db.act(lambda tx: tx.find("decisions", "place = ?", ("release",)))
    assert [row["outcome"] for row in made] == ["allow"]
    assert [row["state"] for row in pair.payee_db.act(lambda tx: tx.find("uses"))] == ["committed"]
    other = pair.agree(replace(LEASED, policy=policy, salt=b"\x0c" * 32))
    unpaid = pair.request(pair.plan(replace(opened(pair), agreement=other)))
    made = pair.payee_db.act(lambda tx: tx.find("decisions", "agreement = ?", (other.hex(),)))
    assert [row["outcome"] for row in made] == ["conditional"]  # paid to another agreement
    assert outcome(unpaid) == "allow"  # an offer, whose keys only its own voucher releases


def test_scenario_33_counters_that_cannot_be_read_deny_and_change_nothing(pair):
    pair.window(opened(pair))
    pair.later(1)
    request = pair.plan(opened(pair))
    broken = "UPDATE uses SET denominator = 0"  # a row that says nothing: as with a damaged file
    pair.payee_db.connection.execute(broken)
    before = pair.payee_db.act(lambda tx: tx.find("uses"))
    answer = pair.request(request)
    assert outcome(answer) == "deny"
    assert {reason["code"] for reason in answer.reasons} == {"state-unavailable"}
    assert pair.payee_db.act(lambda tx: tx.find("uses")) == before
    assert pair.payee_db.act(lambda tx: tx.find("windows", "seq > 1")) == []
    last = pair.payee_db.act(lambda tx: tx.find("decisions", order="at desc"))[0]
    assert last["decision"]["world"]["counters"] is None


def test_scenario_22_a_use_under_a_sub_licence_draws_on_the_one_above(pair):
    child = pair.agree(replace(LEASED, policy=POLICY, salt=b"\x0b" * 32))
    for books in (pair.holder_books, pair.buyer_books):
        books.deals[child] = replace(books.deals[child], parent=pair.deal)
    for _ in range(2):
        pair.window(opened(pair))
    assert pair.window(replace(opened(pair), agreement=child)) is not None
    answer = pair.request(pair.plan(replace(opened(pair), agreement=child)))
    assert outcome(answer) == "deny"
    assert [reason["code"] for reason in answer.reasons] == ["count-exhausted"]
    pair.end_agreement()
    with pytest.raises(ChannelFault) as over:
        pair.request(pair.plan(replace(opened(pair), agreement=child)))
    assert over.value.code == "agreement-over"


def test_a_use_that_was_lost_counts_again_though_the_licence_above_is_over_by_now(pair):
    child = pair.agree(replace(LEASED, policy=POLICY, salt=b"\x0d" * 32))
    for books in (pair.holder_books, pair.buyer_books):
        books.deals[child] = replace(books.deals[child], parent=pair.deal)
    backup = pair.payee_db.save()
    pair.window(replace(opened(pair), agreement=child))
    pair.payee_db.restore(backup)
    pair.end_agreement()
    level(pair)
    taken = pair.payee_db.act(lambda tx: tx.find("uses"))
    assert {row["agreement"]: row["state"] for row in taken} == {
        child.hex(): "committed",
        pair.deal.hex(): "committed",
    }
