"""Data that stay at their provider are asked on the console: the price before, the answer at once, paid once."""

from __future__ import annotations

import json

import pytest

from tests.api.test_computing import BY_DISTRICT, agreed, jobs, publish
from tests.api.test_console_story import entered

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_statement_is_looked_at_asked_and_answered_on_one_page(space, tmp_path):
    await publish(space, "firms-console", tmp_path)
    agreement = await agreed(space, "firms-console")
    async with await entered(space, "buyer", "asker") as buyer:
        deal = await buyer.open(f"agreements/{agreement}")
        [there] = [link for link in deal.links if "/acts/query" in link]
        assert there.endswith(f"/acts/query-ask?what={agreement}")
        looked = await buyer.open(
            "acts/query-ask", params={"preview": "1", "what": agreement, "statement": BY_DISTRICT}
        )
        assert "pay 10.00 CNY for an answer of" in looked.text
        assert jobs(space, agreement) == [], "nothing is asked by looking"
        said = await buyer.send(looked, "/acts/query-ask")
        assert said.status == 200, said.text
        assert [f"<td>{district}</td>" in said.text for district in "ABCZ"] == [True, True, True, False]
        assert "Some groups are held back" in said.text
        [kept] = [row for row in space.rows("buyer", "answers") if row["agreement"] == agreement]
        assert kept["job"] in said.text
        assert said.form("/acts/query-ask")[2]["job"] == "", "what is asked next is another question"
        assert (await buyer.send(looked, "/acts/query-ask")).status == 200, "as a browser does that loads it again"
        assert len(jobs(space, agreement)) == 1
        chinese = await buyer.open("acts/query-ask", params={"lang": "zh", "what": agreement})
        assert "查询语句" in chinese.text


async def test_a_refusal_is_told_in_words_and_pays_nothing(space, tmp_path):
    await publish(space, "firms-refused", tmp_path)
    agreement = await agreed(space, "firms-refused")
    async with await entered(space, "buyer", "asker") as buyer:
        about = {"preview": "1", "what": agreement, "statement": "select boss from firms"}
        looked = await buyer.open("acts/query-ask", params=about)
        said = await buyer.send(looked, "/acts/query-ask")
        assert said.status >= 400
        assert "boss" in said.text
        assert not [row for row in jobs(space, agreement) if row["state"] == "released"]
        twin = json.loads((await buyer.open("acts/query-ask.json")).text)
        assert twin["answer"] is None
