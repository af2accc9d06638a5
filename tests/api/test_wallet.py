"""Money comes into a wallet, is spent, collected and taken home; every sum of it is the chain's, on real processes."""

from __future__ import annotations

import asyncio
import json

import pytest

from connector.runtime.errors import PeerRefused
from contracts import payment_reference as references
from contracts.price_words import money
from tests.api.command import commanded, penstock
from tests.api.test_console_story import entered

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRICE, SIZE, FEE_BPS = 640_000, 65_536, 1000
QUIET_SECONDS_MAX = 300


async def wallet(space, role):
    """Return a wallet whose sums were looked at: each balance is the sum of all before it, the last one the chain's."""
    told, rows = await penstock(space, role, "wallet"), []
    page = told
    while True:
        rows += page["movements"]
        if page["next"] is None:
            break
        page = await penstock(space, role, "wallet", "--first", page["next"])
    balance = 0
    for row in rows[::-1]:
        balance += int(row["in"]) - int(row["out"])
        assert row["balance"] == str(balance)
    assert told["balance"] == str(balance)
    held, owed = told["deposits"], told["owed"]
    assert int(held["held"]) == int(held["free"]) + int(owed["byUs"])
    assert told["days"][-1]["amount"] == told["balance"]
    return told


async def refused(space, role, code, words, *line):
    """Say a command that is refused, with this in its words, and see that no wallet moved."""
    before = [untraded(await wallet(space, one)) for one in ("buyer", "exchange")]
    ended = await commanded(*line, "--data", space.people[role].data, "--json")
    assert ended.code == code, ended
    assert words in json.loads(ended.out)["text"]
    assert [untraded(await wallet(space, one)) for one in ("buyer", "exchange")] == before


def untraded(told):
    """Return the movements that are of no agreement: others' channels of these accounts open and close meanwhile."""
    return [(row["kind"], row["in"], row["out"], row["tx"]) for row in told["movements"] if not row["agreement"]]


async def test_what_is_spent_is_seen_on_both_sides(space):
    before = {role: await wallet(space, role) for role in ("provider", "exchange")}
    await space.publish("provider", "waves", (SIZE,), price=PRICE)
    await space.get("waves", limit=PRICE)
    got = await space.complete("waves")
    paid = int(got["progress"]["paid"])
    spent = await wallet(space, "buyer")
    assert paid >= PRICE * SIZE // 2**20
    [deposit] = [row for row in spent["movements"] if row["agreement"] == got["agreement"]]
    assert (deposit["kind"], deposit["out"], deposit["peer"]) == ("deposit", str(paid), space.did("provider"))
    # others' channels of these accounts may be closed meanwhile
    assert int(spent["owed"]["byUs"]) >= paid
    settled = await penstock(space, "provider", "settle", got["agreement"])
    earned = await wallet(space, "provider")
    share = paid - paid * FEE_BPS // 10_000
    assert int(settled["withdrawn"]) >= share
    assert int(earned["earned"]) - int(before["provider"]["earned"]) >= paid
    newest = earned["movements"][0]
    assert (newest["kind"], newest["in"]) == ("withdrawn", settled["withdrawn"])
    # the exchange's share waits in the channels program until it is collected, once
    waits = await wallet(space, "exchange")
    assert int(waits["withdrawable"]) >= paid - share
    dry = await penstock(space, "exchange", "wallet", "collect", "--dry-run")
    assert "channels.withdraw" in {step["what"] for step in dry["steps"]}
    assert (await wallet(space, "exchange"))["withdrawable"] == waits["withdrawable"]
    collected = await penstock(space, "exchange", "wallet", "collect")
    assert collected["collected"] == waits["withdrawable"]
    assert (await penstock(space, "exchange", "wallet", "collect"))["collected"] == "0"
    assert int((await wallet(space, "exchange"))["balance"]) == int(waits["balance"]) + int(waits["withdrawable"])


async def test_what_is_brought_in_is_credited_once_to_who_asked(space):
    before = await wallet(space, "buyer")
    asked = await penstock(space, "buyer", "wallet", "add", "12500", "--id", "payday")
    assert asked == await penstock(space, "buyer", "wallet", "add", "12500", "--id", "payday")
    assert (asked["state"], asked["amount"], asked["currency"]) == ("asked", "12500", "CNY")
    told = references.reference(references.ADD, space.did("buyer"), "payday")
    assert asked["reference"] == references.said(told)
    listed = await penstock(space, "exchange", "exchange", "request", "list")
    assert asked["reference"] in {row["reference"] for row in listed["requests"]}
    assert asked["reference"] not in {
        row["reference"] for row in (await penstock(space, "other", "wallet", "requests"))["requests"]
    }
    credit = ("exchange", "credit", space.did("buyer"))
    await refused(space, "buyer", 2, "another request", "wallet", "add", "12600", "--id", "payday")
    await refused(
        space, "exchange", 2, "is for 125.00 CNY, not 125.01 CNY", *credit, "12501", "--reference", asked["reference"]
    )
    other = ("exchange", "credit", space.did("other"), "12500", "--reference", asked["reference"])
    await refused(space, "exchange", 2, "is not one of", *other)
    await refused(space, "exchange", 4, "no request `PS-", *credit, "12500", "--reference", "PS-NONE")
    for _ in range(2):
        done = await penstock(space, "exchange", *credit, "12500", "--reference", asked["reference"])
        assert done == {"did": space.did("buyer"), "amount": "12500", "currency": "CNY"}
    after = await wallet(space, "buyer")
    assert int(after["balance"]) - int(before["balance"]) == 12500
    assert (after["movements"][0]["kind"], after["movements"][0]["in"]) == ("credit", "12500")
    rows = (await penstock(space, "buyer", "wallet", "requests"))["requests"]
    [row] = [row for row in rows if row["id"] == "payday"]
    assert (row["state"], row["tx"]) == ("credited", after["movements"][0]["tx"])
    refusal = ("exchange", "request", "refuse", asked["reference"], "--reason", "too late")
    await refused(space, "exchange", 2, "`credited` cannot be moved by `refuse`", *refusal)


async def test_what_units_were_issued_for_is_not_refused(space):
    """A credit that was cut short after its units were issued, before the request said so."""
    asked = await penstock(space, "buyer", "wallet", "add", "300", "--id", "cut-short")
    body = {"did": space.did("buyer"), "amount": "300", "id": asked["reference"]}  # the transaction of a credit for it
    await space.doors["exchange"].call("POST", "credits", body)
    refuse = ("exchange", "request", "refuse", asked["reference"], "--reason", "no payment has come")
    await refused(space, "exchange", 2, "already", *refuse)
    before = await wallet(space, "buyer")
    credit = ("exchange", "credit", space.did("buyer"), "300", "--reference", asked["reference"])
    await penstock(space, "exchange", *credit)
    assert (await wallet(space, "buyer"))["balance"] == before["balance"]
    rows = (await penstock(space, "buyer", "wallet", "requests"))["requests"]
    assert [row["state"] for row in rows if row["id"] == "cut-short"] == ["credited"]


async def test_what_is_taken_home_is_given_back_on_chain_once(space):
    before, there = await wallet(space, "buyer"), await wallet(space, "exchange")
    withdraw = ("wallet", "withdraw")
    more = str(int(before["balance"]) + int(before["withdrawable"]) + 1)
    await refused(space, "buyer", 5, money(int(more), "CNY") + " is asked for", *withdraw, more)
    for nothing in ("0", "-5", "1.555"):
        ended = await commanded(*withdraw, "--data", space.people["buyer"].data, "--", nothing)
        assert ended.code == 2, ended
    await refused(space, "exchange", 2, "pays out what others give back", *withdraw, "5")
    said = [await penstock(space, "buyer", *withdraw, "2500", "--id", "rent") for _ in range(2)]
    assert said[0] == said[1]
    assert (said[0]["state"], said[0]["amount"]) == ("returned", "2500")
    # an id that the exchange would not take, after the units are gone
    await refused(space, "buyer", 2, "1 to 64 characters", *withdraw, "2500", "--id", "x" * 65)
    await refused(space, "buyer", 2, "1 to 64 characters", *withdraw, "2500", "--id", "a\tb")
    await refused(space, "buyer", 2, "another amount was asked for", *withdraw, "2600", "--id", "rent")
    after, issued = await wallet(space, "buyer"), await wallet(space, "exchange")
    assert int(before["balance"]) - int(after["balance"]) == int(issued["balance"]) - int(there["balance"]) == 2500
    for told, side in ((after, "out"), (issued, "in")):
        newest = told["movements"][0]
        assert (newest["kind"], newest[side], newest["tx"]) == ("payout", "2500", said[0]["tx"])
    pay = ("exchange", "request", "pay", said[0]["reference"])
    for _ in range(2):
        assert (await penstock(space, "exchange", *pay))["state"] == "paid"
    assert (await wallet(space, "exchange"))["balance"] == issued["balance"]


async def test_a_payout_is_no_word_but_a_transfer_under_its_own_reference(space):
    """Neither what was paid for something else nor what somebody else paid is paid out."""
    mine = await penstock(space, "buyer", "wallet", "withdraw", "70", "--id", "mine")
    asked = {"kind": "withdraw", "id": "mine", "amount": "70", "tx": mine["tx"]}
    for role, changed in (
        ("buyer", {"id": "another"}),
        ("buyer", {"amount": "71"}),
        ("buyer", {"tx": "00" * 32}),
        ("other", {}),
    ):
        assert await posted(space, role, asked | changed) == 422, changed
    assert await posted(space, "buyer", asked) == 201
    for wrong in ({"kind": "loan"}, {"amount": "0"}, {"amount": "-1"}, {"id": ""}, {"tx": "zz"}, {"more": "x"}):
        assert await posted(space, "buyer", asked | wrong) == 400, wrong


async def posted(space, role, body):
    """Ask the exchange something about money as a member; return the status of its answer."""
    where, headers = space.url("exchange") + "/exchange/cash", space.bearer(role, "exchange")
    try:
        await space.outbound.post(where, body, headers=headers)
    except PeerRefused as refusal:
        return refusal.status
    return 201


async def test_what_is_refunded_is_seen_on_both_sides_and_never_more_than_was_paid(space):
    await space.publish("provider", "refunded", (SIZE,), price=PRICE)
    await space.get("refunded", limit=PRICE)
    got = await space.complete("refunded")
    agreement, paid = got["agreement"], int(got["progress"]["paid"])
    await penstock(space, "provider", "settle", agreement)
    before = {role: await wallet(space, role) for role in ("buyer", "provider")}
    refund = ("bill", "refund", agreement)
    why = ("--reason", "March is missing")
    await refused(space, "provider", 5, "is more than is left to give back", *refund, str(paid + 1), *why)
    await refused(space, "provider", 2, "a reason has 1 to", *refund, "300", "--reason", " ")
    await refused(space, "provider", 4, "no agreement", "bill", "refund", "00" * 32, "300", *why)
    await refused(space, "second", 4, "no agreement", *refund, "300", *why)
    given = [await penstock(space, "provider", *refund, "300", *why, "--id", "march") for _ in range(2)]
    assert given[0] == given[1]
    assert (given[0]["refunded"], given[0]["paid"]) == ("300", str(paid))
    await refused(space, "provider", 2, "another amount", *refund, "301", *why, "--id", "march")
    await refused(space, "provider", 5, "3.00 CNY of it is given back", *refund, str(paid - 299), *why)
    for role, side, sign in (("provider", "out", -1), ("buyer", "in", 1)):
        after = await wallet(space, role)
        newest = after["movements"][0]
        assert (newest["kind"], newest[side], newest["agreement"]) == ("refund", "300", agreement)
        assert newest["tx"] == given[0]["tx"]
        assert int(after["balance"]) - int(before[role]["balance"]) == sign * 300
        orders = (await penstock(space, role, "bill", "list"))["orders"]
        assert [row["refunded"] for row in orders if row["agreement"] == agreement] == ["300"]
        month = newest["at"][:7]
        told = (await penstock(space, role, "bill", "show", month))["refunded"]
        assert int(told["given" if role == "provider" else "got"]) >= 300
    assert [fault async for fault in audited(space)] == []


async def audited(space):
    """Yield what a supervisor finds of refunds, by the chain and the logs."""
    asked = ("--exchange", space.url("exchange"), "--development", "--data", space.people["regulator"].data, "--json")
    said = await commanded("audit", *asked)
    found = json.loads(said.out)
    assert found.get("events", 0) > 0, said.err.decode()
    for one in found["findings"]:
        if one["code"] == "refund-not-on-chain":
            yield one


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("Wallet", "Credited by the exchange", "On chain")), ("zh", ("钱包", "平台发行", "链上余额"))],
)
async def test_the_console_shows_the_same_wallet(space, language, words):
    visitor = await entered(space, "buyer")
    try:
        # others' channels of these accounts close meanwhile: what is compared was told between two equal answers
        async with asyncio.timeout(QUIET_SECONDS_MAX):
            told, page, twin, after = None, None, None, await wallet(space, "buyer")
            while told != after:
                told = after
                page = await visitor.open(f"wallet?lang={language}")
                twin = json.loads((await visitor.open("wallet.json")).text)
                after = await wallet(space, "buyer")
        for one in (*words, money(int(told["balance"]), "CNY"), "<svg"):
            assert one in page.text
        assert any(link.endswith("/console/wallet") for link in page.links)
        assert (twin["rows"], twin["balance"], twin["owed"]) == (told["movements"], told["balance"], told["owed"])
    finally:
        await visitor.session.close()
