"""Scenarios 24 to 33: parts of the data, parts of a policy, where it is used, and what is broken."""

from __future__ import annotations

import pytest
from pyarrow import parquet as pq

from tests.every import every
from tests.scenarios.trade import LEASED, REFUSED, UNSIGNED, USAGE, atom, instant, only

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOUR, DAY = 3_600, 86_400
ALGORITHM, OTHER = "sha-256:" + "ab" * 32, "sha-256:" + "cd" * 32


async def test_24_a_column_that_was_not_bought_is_not_there(trade):
    fields = only(atom("dataField", "isPartOf", ["day", "station"]))
    await trade.offer("s24-whole", fields)
    await trade.buy("s24-whole", code=UNSIGNED, words="field")
    await trade.offer("s24", fields, "--layout", "aligned", "--column", "day", "--column", "station")
    await trade.buy("s24")
    [path] = await trade.use("s24", shown=None)
    bought = ["day", "station"]
    assert pq.read_table(path, columns=bought) == pq.read_table(trade.parquet, columns=bought)
    with pytest.raises(OSError, match="deserialize"):
        pq.read_table(path, columns=["millimetres"])


async def test_25_one_of_two_is_exactly_one(trade):
    soon, late = instant(trade.now(HOUR)), instant(trade.now(2 * HOUR))
    one = {"xone": [atom("dateTime", "lt", soon), atom("dateTime", "lt", late)]}
    await trade.offer("s25", only(one))
    await trade.buy("s25", code=UNSIGNED, words="xone")
    trade.later(HOUR)
    await trade.buy("s25")
    await trade.use("s25")
    trade.later(HOUR)
    await trade.use("s25", code=REFUSED)


async def test_26_what_a_policy_inherits_is_written_into_the_offer_or_it_is_none(trade):
    await trade.offer("s26", only(inheritFrom="urn:policy:parent"), code=USAGE, words="`inheritFrom`")


UNKNOWN = {
    "operand": (only(atom("moodOfTheBuyer", "eq", "good")), "moodOfTheBuyer"),
    "action": (only(action="juggle"), "juggle"),
    "operator": (only(atom("count", "about", "3")), "about"),
    "profile": (only(profile="https://profile.example/unheard-of"), "profile"),
    "reference": (
        only({"leftOperand": "count", "operator": "lteq", "rightOperandReference": "https://limits.example/count"}),
        "rightOperandReference",
    ),
    "nobody says it": (only(atom("query", "eq", "SUM")), "no connector can say `query`"),
}


@every("name", UNKNOWN)
async def test_27_what_nobody_knows_is_refused_and_never_ignored(trade, name):
    policy, words = UNKNOWN[name]
    await trade.offer("s27", policy, code=USAGE, words=words)


async def test_28_what_is_asked_of_the_environment_is_there_or_nothing_is_signed(trade):
    await trade.offer("s28-tee", only(atom("executionEnv", "eq", "tee")))
    await trade.buy("s28-tee", code=UNSIGNED, words="tee")
    await trade.offer("s28", only(atom("executionEnv", "eq", "usageControl")))
    await trade.buy("s28")
    await trade.use("s28")


async def test_29_an_algorithm_is_the_one_that_was_pinned_or_nothing_opens(trade):
    await trade.offer("s29", only(atom("algorithm", "eq", ALGORITHM)))
    await trade.buy("s29", "buyer", "--say", f"algorithm={ALGORITHM}")
    await trade.use("s29", code=REFUSED, words="algorithm")
    await trade.use("s29", said=f"algorithm={OTHER}", code=REFUSED, words="algorithm")
    await trade.use("s29", said=f"algorithm={ALGORITHM}")


async def test_30_one_altered_byte_of_a_contract_and_nothing_is_performed(trade):
    await trade.offer("s30", only(action="read"), *LEASED)
    digest = await trade.buy("s30")
    await trade.use("s30")
    [written] = [row["terms"] for row in trade.space.rows("provider", "agreements") if row["digest"] == digest]
    change = "UPDATE agreements SET terms = ? WHERE digest = ?"
    trade.space.write("provider", change, (written.replace("read", "rend", 1), digest))
    await trade.use("s30", code=UNSIGNED, words="is not the one that was signed")
    trade.space.write("provider", change, (written, digest))


async def test_32_who_was_allowed_before_the_end_gets_nothing_after_it_and_a_clock_set_back_changes_nothing(trade):
    end = trade.now(HOUR)
    await trade.offer("s32", only(atom("dateTime", "lt", instant(end))))
    await trade.buy("s32")
    await trade.use("s32")
    trade.later(HOUR)
    await trade.use("s32", code=REFUSED, words="required is that the time")
    trade.later(-HOUR // 60)
    await trade.use("s32", code=REFUSED, words="required is that the time")
    trade.later(HOUR // 60)


async def test_33_a_count_that_cannot_be_read_allows_nothing(trade):
    await trade.offer("s33", only(atom("count", "lteq", "3")))
    digest = await trade.buy("s33")
    await trade.use("s33")
    broken = "UPDATE uses SET denominator = ? WHERE agreement = ?"
    trade.space.write("buyer", broken, (0, digest))
    await trade.use("s33", code=REFUSED)
    trade.space.write("buyer", broken, (1, digest))
    await trade.use("s33")
