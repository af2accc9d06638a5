"""The walks of docs/compute.md about one's own subjects: a list that is tried, and subjects that are looked up."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.newcomer.asides import POLICY, TERMS

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_list_of_ones_own_is_tried_before_anything_is_bought(walk):
    """The fitting room of docs/compute.md: a trial for nothing, shares, ages and a price of what is covered, faults."""
    days = [datetime.now(UTC).date() - timedelta(days) for days in (10, 100)]
    rows = "".join(
        f"F{at % 500},{'ABC'[at % 3]},{at * 7919 % 977 if at % 500 < 400 else ''},{days[at % 500 >= 200]}\n"
        for at in range(1_000)
    )
    (walk.folder / "tried.csv").write_text("firm,district,revenue,updated\n" + rows)
    mine = [f"F{at}" for at in range(300)] + [f"OWN{at}" for at in range(300)]
    (walk.folder / "mine.csv").write_text(
        "firm,won\n" + "".join(f"{name},{'yes' if at < 150 else 'no'}\n" for at, name in enumerate(mine))
    )
    gate = [f"--gate={one}" for one in ("subject=firm", "epsilon=3", "filled=revenue", "fresh=updated:30:90:365")]
    says = ("--title", "Firms, to be tried", "--tier", "computed", *gate, "--column", "revenue", "--unit", "free")
    goods = ("--title", "Firms, delivered", "--tier", "plain", "--unit", "advance", *TERMS)
    for name, said in (("tried", (*says, *TERMS[2:])), ("delivered", goods)):
        await walk.type(["penstock", "publish", "tried.csv", *said, "--id", name, "--data", "provider"])
        await walk.type(["penstock", "exchange", "review", name, "--data", "exchange"])
    tried = ["penstock", "try", "tried", "--with", "mine.csv", "--key", "firm"]
    await walk.type([*tried, "--data", "buyer"], 4)
    agreed = ("--max-price", "0", "--purpose", "Research")
    told = await walk.type([*tried, *agreed, "--id", "first", "--data", "buyer"])
    assert ("600 keys are covered" in told, "have `revenue`" in told, "█" in told) == (True, True, True)
    assert ("`updated` of at most 30 days" in told, "median age" in told) == (True, True)
    assert told.endswith(await walk.type([*tried, "--id", "first", "--data", "buyer"]))
    priced = await walk.type([*tried, "--id", "first", "--for", "delivered", "--data", "buyer"])
    assert ("CNY per covered subject (" in priced, "penstock get delivered --tried first" in priced) == (True, True)
    bought = ("--max-price", "5.00", "--purpose", "Research", "--tried", "first", "--id", "after-trial")
    await walk.type(["penstock", "get", "delivered", *bought, "--data", "buyer"])
    talks = ("--kind", "negotiation", "--json", "--data", "buyer")
    listed = json.loads(await walk.type(["penstock", "admin", "list", *talks]))["processes"]
    pid = next(one["id"] for one in listed if one["about"] == "delivered")
    assert "after a list was tried: first" in await walk.type(["penstock", "admin", "show", pid, "--data", "buyer"])
    priced = await walk.type([*tried, "--id", "first", "--for", "tried", "--data", "buyer"])
    assert "cannot be said: its data stay at their provider" in priced
    found = json.loads(await walk.type([*tried, "--group", "won", "--json", "--data", "buyer"]))
    shares = {(row[0], row[1]): row[3] / row[2] for row in found["rows"] if row[6] is None}
    assert [one["group"] for one in found["freshness"]] == ["no", "yes"]
    assert (found["freshness"][1]["low"], found["freshness"][1]["high"]) == (0, 30)
    assert shares["yes", ""] > 0.8
    assert 0.15 < shares["no", ""] < 0.55
    await walk.type(["penstock", "try", "tried", "--with", "mine.csv", "--key", "name", "--data", "buyer"], 2)
    await walk.type(["penstock", "try", "tried", "--with", "none.csv", "--key", "firm", "--data", "buyer"], 4)
    await walk.type(["penstock", "try", "firms", "--with", "mine.csv", "--key", "firm", "--data", "buyer"], 2)
    assert "coverage: 600 keys" in await walk.type(["penstock", "admin", "computations", "--data", "provider"])


async def test_a_subject_is_looked_up_and_its_provider_does_not_see_whom(walk):
    """The same table, one by one: who is there and who is not, and no more than was agreed."""
    says = ("firms.csv", "--title", "Firms, one by one", "--tier", "computed", "--gate=subject=firm", "--gate=lookup=3")
    terms = ("--column", "district", "--unit", "query", "--price", "0.50", "--floor", "0.50", *TERMS[2:])
    await walk.type(["penstock", "publish", *says, *terms, "--id", "looked", "--data", "provider"])
    await walk.type(["penstock", "exchange", "review", "looked", "--data", "exchange"])
    bought = ("--max-price", "0.50", "--purpose", "Research", "--id", "looked")
    await walk.type(["penstock", "get", "looked", *bought, "--data", "buyer"])
    look_up = ["penstock", "lookup", "looked"]
    told = await walk.type([*look_up, "F900", "NOBODY", "--id", "l-1", "--data", "buyer"])
    assert [line.split() for line in told.splitlines()[:3]] == [
        ["firm", "found", "district"], ["F900", "yes", "Z"], ["NOBODY", "no"]
    ]  # fmt: skip
    assert await walk.type([*look_up, "F900", "NOBODY", "--id", "l-1", "--data", "buyer"]) == told
    await walk.type([*look_up, "F1", "F2", "--data", "buyer"], POLICY)
    (walk.folder / "one.csv").write_text("firm\nF1\n")
    listed = ("--with", "one.csv", "--key", "firm", "--json")
    assert json.loads(await walk.type([*look_up, *listed, "--data", "buyer"]))["rows"][0][:2] == ["F1", True]
    await walk.type(["penstock", "query", "looked", "select count(*) from firms", "--data", "buyer"], 2)
    asked = await walk.type(["penstock", "admin", "computations", "--of", "looked", "--long", "--data", "provider"])
    assert (asked.count("lookup: "), "F900" in asked, "NOBODY" in asked) == (2, False, False)


async def test_those_alone_are_paid_who_are_found(walk):
    """As docs/compute.md has it: quoted at most, paid by whom one finds, and nothing where nobody is there."""
    (walk.folder / "found.csv").write_text("firm,district\n" + "".join(f"F{at},{'ABC'[at % 3]}\n" for at in range(90)))
    says = ("found.csv", "--title", "Paid by whom one finds", "--tier", "computed", "--gate=subject=firm")
    terms = ("--column", "district", "--unit", "match", "--price", "0.50", "--floor", "0.50", *TERMS[2:])
    await walk.type(["penstock", "publish", *says, *terms, "--id", "match-never", "--data", "provider"], 2)
    await walk.type(["penstock", "publish", *says, "--gate=lookup=9", *terms, "--id", "match", "--data", "provider"])
    await walk.type(["penstock", "exchange", "review", "match", "--data", "exchange"])
    bought = ("--max-price", "0.50", "--purpose", "Research", "--id", "match")
    await walk.type(["penstock", "get", "match", *bought, "--data", "buyer"])
    look_up = ["penstock", "lookup", "match", "F7", "NOBODY", "--id", "m-1"]
    assert "1.00 CNY" in await walk.type([*look_up, "--dry-run", "--data", "buyer"])
    told = await walk.type([*look_up, "--data", "buyer"])
    assert [line.split() for line in told.splitlines()[:3]] == [
        ["firm", "found", "district"], ["F7", "yes", "B"], ["NOBODY", "no"]
    ]  # fmt: skip
    assert "1 of 2 keys are there, 1 are paid" in told
    assert await walk.type([*look_up, "--data", "buyer"]) == told
    assert "0 are paid" in await walk.type(["penstock", "lookup", "match", "X", "--id", "m-2", "--data", "buyer"])
    asked = await walk.type(["penstock", "admin", "queries", "--of", "match", "--data", "buyer"])
    assert (asked.count("0 subjects found"), asked.count("1 subject found")) == (2, 1)
