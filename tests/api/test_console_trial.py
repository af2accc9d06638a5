"""A list of one's own tried from the console, on a real space: sent, priced, agreed on, answered, and bought after."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.api.test_computing import jobs, publish
from tests.api.test_console_story import WITHIN_SECONDS, entered
from tests.api.test_fitting import LISTED, MINE, fit
from tests.api.test_fresh import aged
from tests.api.test_fresh import publish as publish_aged

pytestmark = pytest.mark.asyncio(loop_scope="session")
RESEARCH = "Research"
CSV = ("id,won\n" + "\n".join(f"{name},{'yes' if at < 200 else 'no'}" for at, name in enumerate(MINE))).encode()
FILE = {"list": ("mine.csv", CSV)}


async def form(visitor, product):
    """Return the form by which a product is tried, found as a person finds it."""
    page = await visitor.open(f"catalogue/{product}")
    [there] = {link for link in page.links if link.endswith("/trial")}
    return await visitor.open(there)


async def answered(visitor, page):
    """Load the page of a trial until it runs no more."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while "data-again" in page.attributes:
            await asyncio.sleep(0.2)
            page = await visitor.open(page.url)
    return page


async def twin(visitor, page):
    address, _, query = page.url.partition("?")
    return json.loads((await visitor.open(f"{address}.json?{query}")).text)


async def test_a_list_is_sent_priced_tried_and_named_in_a_purchase(space, tmp_path):
    await publish_aged(space, "console-try", aged(space, tmp_path))
    await space.publish("provider", "console-try-goods", [1_000])
    async with await entered(space, "buyer", "tries") as buyer:
        asked = await form(buyer, "console-try")
        assert "10.00 CNY" in asked.text
        assert "updated, at most 30, 90, 365 days" in asked.text
        offered = json.loads((await buyer.open(asked.url + ".json")).text)["delivers"]
        assert "console-try" not in [one["id"] for one in offered], "it delivers nothing"
        assert all(f'<option value="{one["id"]}">{one["title"]}</option>' in asked.text for one in offered)
        assert offered
        looked = await buyer.send_files(asked, "/list", FILE, key="id", delivered="console-try-goods")
        assert looked.status == 200, looked.text
        for words in ("It costs 10.00 CNY", "400 different keys of the column id", "agreed on first, at 10.00 CNY"):
            assert words in looked.text, words
        assert "OWN-SECRET" not in looked.text
        assert not [row for row in space.rows("buyer", "agreements") if row["product"] == "console-try"]
        before = json.loads((await buyer.open("spending.json")).text)["budget"]
        seen = await buyer.send(looked, "/trial")
        assert (seen.status, "/trials/" in seen.url) == (200, True), seen.text
        again = await buyer.send(looked, "/trial")
        assert again.url == seen.url, "as a browser does that loads it again"
        seen = await answered(buyer, seen)
        told = await twin(buyer, seen)
        assert told["state"] == "answered", seen.text
        [group] = told["answer"]["groups"]
        assert (group["keys"], abs(group["share"] - 75) < 12) == (400, True)
        assert [one["days"] for one in group["ages"]["shares"]] == [30, 90, 365]
        goods = told["answer"]["price"]
        said = f"{group['share']} % of your 400 keys are covered, median age {group['ages']['median']} days"
        for words in (f"{said}, {goods['each']} per covered", "<meter", f"{goods['sum']} for all of console-try-goods"):
            assert words in seen.text, words
        [deal] = [row for row in space.rows("buyer", "agreements") if row["product"] == "console-try"]
        [row] = jobs(space, deal["digest"])
        assert (row["state"], row["rows"], row["job"]) == ("released", 400, told["id"])
        chinese = await buyer.open(seen.url, params={"lang": "zh", "for": "console-try-goods"})
        assert f"您的 400 个键中 {group['share']} % 被覆盖" in chinese.text
        await buyer.open(seen.url, params={"lang": "en"})

        listed = json.loads((await buyer.open("computations.json")).text)["rows"]
        [one] = [row for row in listed if row["id"].startswith(deal["digest"])]
        assert (one["way"], one["state"], one["role"]) == ("coverage", "released", "buyer")
        record = await buyer.open(next(link for link in seen.links if "/computations/" in link))
        assert f"{group['share']} % of your 400 keys are covered" in record.text
        assert any(link.endswith(f"/trials/{told['id']}") for link in record.links)

        quote = await buyer.open(next(link for link in seen.links if "tried=" in link))
        assert told["id"] in quote.text
        bought = await buyer.send(quote, "/purchase", limit="10.00", purpose=RESEARCH)
        assert bought.status == 200, bought.text
        await space.complete(bought.url.rpartition("/")[2])
    receipt = next(row for row in space.rows("buyer", "answers") if row["job"] == told["id"])["receipt"]
    for role in ("buyer", "provider"):
        [pid] = [row["id"] for row in space.rows(role, "negotiations") if row["product"] == "console-try-goods"]
        named = (await space.doors[role].call("GET", f"processes/{pid.replace(':', '%3A')}"))["rounds"][0]["tried"]
        assert named == {
            "agreement": deal["digest"], "id": told["id"], "answers": [json.loads(receipt)["answer"]],
        }, role  # fmt: skip
    assert before is None, "this space has no budget"
    assert_nothing_kept(space)


def assert_nothing_kept(space):
    """Look that nothing of a list is in any file of buyer or provider: tables, logs, folders."""
    for role in ("buyer", "provider"):
        data = Path(space.people[role].data)
        kept = [path for path in data.rglob("*") if path.is_file() and path.suffix != ".csv"]
        assert not [path for path in kept if b"OWN-SECRET" in path.read_bytes()], role


async def test_a_product_that_was_agreed_on_is_asked_under_that_agreement_in_groups(space, tmp_path):
    await publish(space, "console-try-agreed", tmp_path, gate={**LISTED, "keys": "5000"})
    await space.get("console-try-agreed")
    agreement = (await space.complete("console-try-agreed"))["agreement"]
    async with await entered(space, "buyer", "tries") as buyer:
        asked = await form(buyer, "console-try-agreed")
        looked = await buyer.send_files(asked, "/list", FILE, key="id", group="won")
        assert "They are in 2 groups" in looked.text, looked.text
        assert "Under your agreement" in looked.text
        seen = await answered(buyer, await buyer.send(looked, "/trial"))
        told = await twin(buyer, seen)
        assert [(one["group"], one["keys"]) for one in told["answer"]["groups"]] == [("no", 200), ("yes", 200)]
        assert [one["column"] for one in told["answer"]["groups"][0]["filled"]] == ["revenue"]
        assert told["agreement"] == agreement
        for words in ("<h3>no</h3>", "Covered, and with revenue"):
            assert words in seen.text, words
        # what was answered under an id is not asked, and not paid, again; and one of the command's is shown alike
        again = await buyer.open(f"catalogue/console-try-agreed/trial?job={told['id']}")
        looked = await buyer.send_files(again, "/list", FILE, key="id", group="won")
        assert "It costs 0.00 CNY" in looked.text
        seen = await answered(buyer, await buyer.send(looked, "/trial"))
        assert (await twin(buyer, seen))["answer"] == told["answer"]
        assert len(jobs(space, agreement)) == 1
        (tmp_path / "mine.csv").write_bytes(CSV)
        await fit(space, agreement, str(tmp_path / "mine.csv"), job="by-command")
        [group] = (await twin(buyer, await buyer.open("trials/by-command")))["answer"]["groups"]
        assert group["keys"] == 400
        assert (await buyer.open("trials/nobody-s")).status == 404
        unpriced = await buyer.open("trials/by-command?for=nobody-sells-this")
        assert (unpriced.status, "could not be worked out" in unpriced.text) == (200, True)


async def test_a_trial_that_a_crash_cut_goes_on_when_its_list_is_sent_again(space, tmp_path):
    await publish(space, "console-try-crash", tmp_path, gate=LISTED)
    await space.get("console-try-crash")
    agreement = (await space.complete("console-try-crash"))["agreement"]
    async with await entered(space, "buyer", "tries") as buyer:
        looked = await buyer.send_files(await form(buyer, "console-try-crash"), "/list", FILE, key="id")
        seen = await buyer.send(looked, "/trial")
        async with asyncio.timeout(WITHIN_SECONDS):
            while not [row for row in space.rows("buyer", "answers") if row["agreement"] == agreement]:
                await asyncio.sleep(0.01)
        await space.people["buyer"].kill()
        await space.people["buyer"].start()
        page = await buyer.open(seen.url)
        if "cut off" in page.text:  # it was, unless the answer was here already
            assert (await buyer.send(looked, "/trial")).status == 404, "the list went with the process"
            form_ = await buyer.open(next(link for link in page.links if "job=" in link))
            looked = await buyer.send_files(form_, "/list", FILE, key="id")
            page = await answered(buyer, await buyer.send(looked, "/trial"))
        assert page.url.partition("?")[0] == seen.url.partition("?")[0], "under the same id"
        assert (await twin(buyer, page))["state"] == "answered"
        assert len([row for row in jobs(space, agreement) if row["state"] == "released"]) == 1


async def test_what_cannot_be_tried_says_so_before_a_list_is_sent(space, tmp_path):
    await publish(space, "console-try-none", tmp_path)
    await publish(space, "console-try-few", tmp_path, gate=LISTED)
    async with await entered(space, "buyer", "tries") as buyer:
        page = await buyer.open("catalogue/console-try-none")
        assert not [link for link in page.links if link.endswith("/trial")]
        assert (await buyer.open("catalogue/console-try-none/trial")).status == 400
        asked = await form(buyer, "console-try-few")
        few = {"list": ("mine.csv", b"id\nF001\nOWN-SECRET\n")}
        many = {"list": ("mine.csv", b"id\n" + b"".join(b"OWN-SECRET-%d\n" % at for at in range(2_001)))}
        torn = {"list": ("mine.csv", b"id,won\nF001,yes\nOWN-SECRET\n")}
        for files, told, status, words in (
            (few, {}, 400, "a group has 2 keys"),
            (many, {}, 403, "the list has 2001 keys"),
            (torn, {}, 400, "line 3 of the list has 1 cells"),
            (FILE, {"key": "firm"}, 400, "line 1 of the list names no column `firm`"),
            (FILE, {"delivered": "nobody-sells-this"}, 404, "nobody-sells-this"),
        ):
            refused = await buyer.send_files(asked, "/list", files, **{"key": "id", **told})
            assert (refused.status, words in refused.text) == (status, True), refused.text
            assert "OWN-SECRET" not in refused.text
    assert_nothing_kept(space)
