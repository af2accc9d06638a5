"""A complaint upheld moves money: ordered, paid on the chain, seen there by each side for itself; on real processes."""

from __future__ import annotations

import pytest

from tests.api.command import commanded, penstock
from tests.api.test_console_story import entered

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRICE, SIZE = 640_000, 65_536


async def bought(space, product, *, settled=True):
    """Return an agreement under which the buyer paid, and how much."""
    await space.publish("provider", product, (SIZE,), price=PRICE)
    await space.get(product, limit=PRICE)
    got = await space.complete(product)
    if settled:
        await penstock(space, "provider", "settle", got["agreement"])
    return got["agreement"], int(got["progress"]["paid"])


async def escalated(space, agreement, key):
    """Bring a complaint of the buyer's before the exchange."""
    await penstock(space, "buyer", "complaint", "file", agreement, "--words", "March is missing", "--id", key)
    await penstock(space, "provider", "complaint", "answer", key, "--words", "edition 3 has it")
    await penstock(space, "buyer", "complaint", "escalate", key, "--words", "it lacks it, too")


async def ordered(space, key, amount, code=0):
    line = ("complaint", "order", key, str(amount), "--words", "the listing promised March")
    return await penstock(space, "exchange", *line, code=code)


async def shown(space, key):
    """Return state and sum of a complaint as each side sees it for itself."""
    rows = [await penstock(space, role, "complaint", "show", key) for role in ("buyer", "provider", "exchange")]
    assert len({(row["state"], row.get("amount"), row.get("given")) for row in rows}) == 1, rows
    return rows[0]["state"], int(rows[0]["amount"]), int(rows[0]["given"])


async def balance(space, role):
    return int((await penstock(space, role, "wallet"))["balance"])


async def test_what_is_ordered_is_paid_once_and_seen_by_all(space):
    agreement, paid = await bought(space, "march-lost")
    await escalated(space, agreement, "lost")
    told = await ordered(space, "lost", paid + 1, code=2)
    assert "is more than can be ordered" in told["text"]
    told = await ordered(space, "lost", 700)
    assert (told["state"], told["turn"], told["amount"], told["given"]) == ("ordered", "respondent", "700", "0")
    assert await shown(space, "lost") == ("ordered", 700, 0)
    for role in ("buyer", "exchange"):
        ended = await commanded("complaint", "pay", "lost", "--data", space.people[role].data, "--json")
        assert ended.code != 0
    before = {role: await balance(space, role) for role in ("buyer", "provider")}
    done = [await penstock(space, "provider", "complaint", "pay", "lost") for _ in range(2)]
    assert [one["state"] for one in done] == ["fulfilled", "fulfilled"]
    assert await shown(space, "lost") == ("fulfilled", 700, 700)
    assert await balance(space, "buyer") - before["buyer"] == 700
    assert before["provider"] - await balance(space, "provider") == 700
    for role in ("buyer", "provider"):
        orders = (await penstock(space, role, "bill", "list"))["orders"]
        assert [row["refunded"] for row in orders if row["agreement"] == agreement] == ["700"]
    told = await ordered(space, "lost", 800, code=2)
    assert "cannot order a complaint that is fulfilled" in told["text"]


async def test_two_orders_and_what_is_given_by_will_never_exceed_what_was_paid(space):
    agreement, paid = await bought(space, "twice-lost")
    for key in ("first", "second"):
        await escalated(space, agreement, key)
    given = ("bill", "refund", agreement, "1000", "--reason", "a day is missing", "--id", "will")
    await penstock(space, "provider", *given)
    await ordered(space, "first", paid - 3000)
    assert "is more than can be ordered" in (await ordered(space, "second", 2001, code=2))["text"]
    await ordered(space, "second", 1500)
    before = await balance(space, "buyer")
    assert (await penstock(space, "provider", "complaint", "pay", "first"))["state"] == "fulfilled"
    await ordered(space, "second", 2000)
    assert (await penstock(space, "provider", "complaint", "pay", "second"))["state"] == "fulfilled"
    assert await balance(space, "buyer") - before == paid - 1000
    assert await shown(space, "first") == ("fulfilled", paid - 3000, paid - 3000)
    assert await shown(space, "second") == ("fulfilled", 2000, 2000)
    more = ("bill", "refund", agreement, "1", "--reason", "no more is left", "--id", "more")
    assert "is more than is left" in (await penstock(space, "provider", *more, code=5))["text"]
    last = [row for row in (await penstock(space, "buyer", "wallet"))["movements"] if row["agreement"] == agreement]
    assert [row["kind"] for row in last[:3]] == ["refund"] * 3


async def test_a_share_of_what_was_paid_is_ordered_as_money(space):
    agreement, paid = await bought(space, "shared-out")
    await escalated(space, agreement, "share")
    line = ("complaint", "order", "share", "--words", "a third of it is missing")
    for wrong in ((), ("--share", "30"), ("--share", "101%"), ("700", "--share", "30%")):
        assert "text" in await penstock(space, "exchange", *line, *wrong, code=2)
    told = await penstock(space, "exchange", *line, "--share", "33.3%")
    assert (told["state"], int(told["amount"])) == ("ordered", paid * 3330 // 10_000)
    visitor = await entered(space, "exchange")
    try:
        form = "acts/complaint-order?id=share&words=less&preview=1&amount=&share=12.5%25"
        for language, words in (
            ("en", "Order 12.5% to be given back by the complaint share: less"),
            ("zh", "就投诉 share 裁定退还 12.5%:less"),
        ):
            assert words in (await visitor.open(f"{form}&lang={language}")).text
    finally:
        await visitor.session.close()
    assert (await penstock(space, "provider", "complaint", "pay", "share"))["state"] == "fulfilled"
    assert await shown(space, "share") == ("fulfilled", paid * 3330 // 10_000, paid * 3330 // 10_000)


async def test_of_what_is_not_settled_nothing_is_ordered(space):
    agreement, _ = await bought(space, "unsettled", settled=False)
    await escalated(space, agreement, "early")
    before = space.rows("exchange", "complaints")
    told = await ordered(space, "early", 10**7, code=2)
    assert "can be ordered" in told["text"] or "shows no payment" in told["text"]
    assert space.rows("exchange", "complaints") == before, "it is refused before it is written"
    for words in (("0",), ("-5",), ("1.5",), ("x",)):
        line = ("complaint", "order", "early", "--words", "no", "--data", space.people["exchange"].data, "--", *words)
        assert (await commanded(*line)).code == 2


async def test_who_is_to_pay_sees_it_first_and_a_dry_run_pays_nothing(space):
    agreement, _ = await bought(space, "seen-first")
    await escalated(space, agreement, "seen")
    await ordered(space, "seen", 250)
    dry = await penstock(space, "provider", "complaint", "pay", "seen", "--dry-run")
    assert {"token.transfer"} <= {step["what"] for step in dry["steps"]}
    assert await shown(space, "seen") == ("ordered", 250, 0)
    (row,) = [
        one for one in (await penstock(space, "provider", "complaint", "list"))["complaints"] if one["id"] == "seen"
    ]
    assert (row["turn"], row["amount"], row["given"]) == ("respondent", "250", "0")
    visitor = await entered(space, "provider")
    try:
        for language, words in (("en", "wait for you, the first until"), ("zh", "退款裁定待您履行")):
            assert words in (await visitor.open(f"overview?lang={language}")).text
        for language, words in (("en", "2.50 CNY"), ("zh", "应退金额")):
            page = await visitor.open(f"complaints/seen?lang={language}")
            assert words in page.text
            assert any("acts/complaint-pay?id=seen" in link for link in page.links)
        looked = await visitor.open("acts/complaint-pay?id=seen&preview=1")
        assert "token.transfer" in looked.text
    finally:
        await visitor.session.close()
    assert (await penstock(space, "provider", "complaint", "pay", "seen"))["state"] == "fulfilled"


async def test_what_was_not_paid_in_time_waits_for_the_operator_and_stands_on_the_product(space):
    agreement, _ = await bought(space, "overdue")
    await escalated(space, agreement, "late")
    await ordered(space, "late", 100)
    before = await penstock(space, "buyer", "reputation", space.did("provider"))
    space.write("exchange", "UPDATE complaints SET due = due - ? WHERE id = ?", (30 * 86_400 * 10**6, "late"))
    told = await penstock(space, "buyer", "reputation", space.did("provider"))
    assert (int(told["unpaid"]), int(told["late"])) == (int(before["unpaid"]) + 1, int(before["late"]))
    assert float(told["score"]) < float(before["score"])
    assert (await penstock(space, "buyer", "product", "show", "overdue"))["unpaid"] == 1
    for role, where, words in (
        ("exchange", "overview?lang=en", "were not carried out in time: order otherwise"),
        ("exchange", "overview?lang=zh", "逾期未履行"),
        ("buyer", "catalogue/overdue?lang=en", "were not carried out in time by this provider"),
        ("buyer", "catalogue/overdue?lang=zh", "逾期未履行"),
    ):
        visitor = await entered(space, role)
        try:
            assert words in (await visitor.open(where)).text, where
        finally:
            await visitor.session.close()
    assert (await penstock(space, "provider", "complaint", "pay", "late"))["state"] == "fulfilled"
    told = await penstock(space, "buyer", "reputation", space.did("provider"))
    assert (int(told["unpaid"]), int(told["late"])) == (int(before["unpaid"]), int(before["late"]) + 1)
    assert "unpaid" not in await penstock(space, "buyer", "product", "show", "overdue")
