"""The console's main stories, without a script, on a real space: each role does its work by links and forms."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from urllib.parse import quote

import pytest
import pytest_asyncio

from tests.api.command import penstock, run
from tests.api.space import PURPOSE
from tests.api.visitor import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")
WITHIN_SECONDS = 30


async def entered(space, role, name="ada", *, operator=True):
    """Return a visitor who has come in by a link that the command line gave out."""
    known = (await penstock(space, role, "admin", "account", "list"))["accounts"]
    if name not in [one["name"] for one in known]:
        await penstock(space, role, "admin", "account", "add", name, *(["--operator"] if operator else []))
    link = (await penstock(space, role, "admin", "account", "link", name))["url"]
    visitor = Visitor(space.url(role))
    seen = await visitor.open(link)
    assert seen.status == 200
    assert seen.url.endswith("/console/overview")
    return visitor


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def people(space):
    made = {role: await entered(space, role) for role in ("buyer", "provider", "exchange", "regulator")}
    yield made
    for visitor in made.values():
        await visitor.session.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bought(space, people):
    """The page of an acquisition that the buyer made by hand: found, looked at, quoted, bought."""
    await space.publish("provider", "console-story", (90_000, 40_000))
    buyer = people["buyer"]
    found = await buyer.open("search?q=console")
    there = next(link for link in found.links if link.endswith("/catalogue/console-story"))
    product = await buyer.open(there)
    assert "10.00 CNY per MiB" in product.text
    quote = await buyer.open(next(link for link in product.links if link.endswith("/quote")))
    seen = await buyer.send(quote, "/purchase", limit="10.00", purpose=PURPOSE)
    assert seen.status == 200, seen.text
    async with asyncio.timeout(WITHIN_SECONDS):
        while "complete" not in (seen := await buyer.open(seen.url)).text:
            assert "failed" not in seen.text
            await asyncio.sleep(0.2)
    return seen


async def test_a_buyer_finds_buys_and_sees_the_agreement(people, bought):
    buyer = people["buyer"]
    agreement = await buyer.open(next(link for link in bought.links if "/agreements/" in link))
    for words in ("Product console-story", "by provider and buyer", "10.00 CNY per MiB"):
        assert words in agreement.text
    data = json.loads((await buyer.open(agreement.url + ".json")).text)
    assert data["state"] == "performing"
    assert int(data["paid"]) > 0
    assert {row["event"] for row in data["rows"]} >= {"agreement.signed", "licence.granted"}
    replicas = json.loads((await buyer.open("replicas.json")).text)["rows"]
    assert data["digest"] in [row["agreement"] for row in replicas]


async def test_spending_and_earning_are_the_same_money(people, bought):
    spent = json.loads((await people["buyer"].open("spending.json")).text)
    earned = json.loads((await people["provider"].open("earnings.json")).text)
    one = [row for row in spent["rows"] if row["product"] == "Product console-story"]
    other = [row for row in earned["rows"] if row["product"] == "Product console-story"]
    assert int(one[0]["amount"]) > 0
    assert [row["amount"] for row in one] == [row["amount"] for row in other]
    page = await people["provider"].open("earnings")
    assert "<svg" in page.text
    assert sum(int(day["amount"]) for day in earned["days"]) == sum(int(row["amount"]) for row in earned["rows"])


async def test_a_replica_is_opened_for_a_purpose_that_the_policy_knows(space, people, bought):
    buyer = people["buyer"]
    page = await buyer.open(next(link for link in bought.links if "/agreements/" in link))
    refused = await buyer.send(page, "/opening", purpose="https://w3id.org/dpv#Marketing")
    assert refused.status in (400, 403)
    assert "Ask about it with this number" in refused.text
    asked = json.loads((await buyer.open(page.url + ".json")).text)
    purpose = next(one["iri"] for one in asked["purposes"] if one["iri"].endswith("#" + PURPOSE))
    opened = await buyer.send(page, "/opening", purpose=purpose)
    assert opened.status == 200, opened.text
    told = json.loads((await buyer.open(page.url + ".json")).text)["replica"]
    done = [one for one in told["reads"] if one["state"] == "done"]
    assert told["opened"] == 1
    files = [Path(name) for name in done[0]["files"]]
    sold = (space.folder / "data" / "console-story").iterdir()
    assert sorted(file.read_bytes() for file in files) == sorted(path.read_bytes() for path in sold)


async def test_keys_are_handed_out_after_a_warning_and_a_confirmation(people, bought):
    buyer = people["buyer"]
    page = await buyer.open(next(link for link in bought.links if "/agreements/" in link))
    assert "nobody counts" in page.text
    asked = json.loads((await buyer.open(page.url + ".json")).text)
    purpose = next(one["iri"] for one in asked["purposes"] if one["iri"].endswith("#" + PURPOSE))
    before = asked["replica"]["opened"]
    refused = await buyer.send(page, "/key-export", purpose=purpose, confirm="00000000")
    assert refused.status == 400
    done = await buyer.send(page, "/key-export", purpose=purpose, confirm=asked["digest"][:8])
    assert done.status == 200, done.text
    told = json.loads((await buyer.open(page.url + ".json")).text)
    assert told["replica"]["opened"] == before + 1
    [keys] = [Path(name) for one in told["replica"]["reads"] for name in one["files"] if name.endswith(".keys.json")]
    assert keys.stat().st_mode & 0o777 == 0o600
    assert json.loads(keys.read_bytes())["agreement"] == asked["digest"]
    assert "keys.exported" in [row["event"] for row in told["rows"]]


async def test_a_price_is_worked_out_on_the_product_page(people, bought):
    page = await people["buyer"].open("catalogue/console-story?many=7")
    assert "7 MiB: 70.00 CNY" in page.text
    assert (await people["buyer"].open("catalogue/console-story?many=seven")).status == 400


async def test_a_negotiation_is_a_thread_of_what_was_offered(space, people):
    """A buyer that bids below the floor and is met: every word of either side with what it changed."""
    await space.publish("provider", "console-bargain", (70_000,))
    mandate = {"limit": "1000", "bid": "300", "purpose": PURPOSE, "deposit": None}
    body = {"id": "console-bargain", "product": "console-bargain", "mandate": mandate}
    await space.doors["buyer"].call("POST", "acquisitions", body)
    async with asyncio.timeout(WITHIN_SECONDS):
        while True:
            rows = json.loads((await people["buyer"].open("negotiations.json?kind=negotiation")).text)["rows"]
            mine = [row for row in rows if row["about"] == "console-bargain" and row["state"] == "FINALIZED"]
            if mine:
                break
            await asyncio.sleep(0.2)
    page = await people["buyer"].open("negotiations/" + mine[0]["id"])
    said = json.loads((await people["buyer"].open(f"negotiations/{mine[0]['id']}.json")).text)["talk"]["said"]
    assert [one["who"] for one in said[:2]] == ["consumer", "provider"]
    assert len(said) >= 3
    assert [one["number"] for one in said] == list(range(1, len(said) + 1))
    changes = [change["en"] for one in said for change in one["differences"]]
    assert changes
    assert all(change.startswith("price: ") for change in changes)
    assert "price: 3.00 CNY per MiB →" in page.text


async def test_both_sides_have_the_same_bill(people, bought):
    """The bill says what the agreement says was paid, line by line, and is in the statement of its month."""
    digest = next(link for link in bought.links if "/agreements/" in link).rsplit("/", 1)[-1]
    paid = json.loads((await people["buyer"].open(f"agreements/{digest}.json")).text)["paid"]
    for role in ("buyer", "provider"):
        page = await people[role].open("bills")
        bill = await people[role].open(next(link for link in page.links if link.endswith("/bills/" + digest)))
        assert "10.00 CNY per MiB" in bill.text
        told = json.loads((await people[role].open(f"bills/{digest}.json")).text)
        assert told["document"]["bill"]["amount"] == paid
        assert sum(int(line["amount"]) for line in told["rows"]) == int(paid)
        month = json.loads((await people[role].open("bills.json")).text)["month"]
        said = json.loads((await people[role].open(f"statements/{month}.json")).text)
        assert paid in [row["amount"] for row in said["rows"] if row["agreement"] == digest]
        assert said["signature"]


async def test_an_exchange_sees_who_is_in_touch_and_everybody_the_market(space, people, bought):
    rows = json.loads((await people["exchange"].open("connectors.json")).text)["rows"]
    assert space.did("provider") in [row["did"] for row in rows]
    for visitor in people.values():
        for path in ("prices", "spaces", "spaces/main"):
            assert (await visitor.open(path)).status == 200
    drawn = await people["exchange"].open("indicators")
    assert 'class="yardstick"' in drawn.text
    assert "17.9 % (27 exchanges, 2023)" in drawn.text


async def test_a_provider_sees_who_holds_its_product(space, people, bought):
    page = await people["provider"].open("products/console-story")
    assert space.did("buyer") in page.text
    talks = json.loads((await people["provider"].open("negotiations.json")).text)["rows"]
    thread = await people["provider"].open("negotiations/" + talks[0]["id"])
    assert thread.status == 200


async def test_progress_is_told_as_it_happens(people, bought):
    """The stream of something that is over says so once and ends."""
    url = bought.url + "/live"
    async with people["buyer"].session.get(url) as answer:
        assert answer.content_type == "text/event-stream"
        told = (await answer.read()).decode()
    assert told.count("data: ") == 1
    assert json.loads(told.removeprefix("data: "))["state"] == "complete"


async def test_an_exchange_reviews_what_was_submitted(space, people):
    paths = space.files("console-review", (70_000,))
    brief = {"id": "console-review", "files": [str(path) for path in paths], "title": "To <b>review</b>", "price": "5"}
    brief |= {"floor": "5", "unit": "MiB", "tier": "kept", "purpose": "Research", "pieceKiB": 64, "region": "US"}
    from connector.demo.story import term_end

    await space.doors["provider"].call("POST", "products", brief | {"until": term_end(space.now())})
    exchange = people["exchange"]
    queue = await exchange.open("listings")
    page = await exchange.open(next(link for link in queue.links if "console-review" in link))
    assert "To &lt;b&gt;review&lt;/b&gt;" in page.text
    assert "<b>review" not in page.text
    assert (await exchange.send(page, "/review", version="2")).status == 409
    listed = await exchange.send(page, "/review")
    assert listed.status == 200
    assert "listed" in listed.text
    suspended = await exchange.send(listed, "/move", reason='"><script>alert(1)</script>')
    assert "&lt;script&gt;alert(1)" in suspended.text
    assert "<script>alert" not in suspended.text


async def test_a_process_is_ended_by_a_form(people, bought):
    """What is at its end has no forms; a form for it that is sent by hand is refused in words."""
    talks = json.loads((await people["buyer"].open("negotiations.json")).text)["rows"]
    done = next(row for row in talks if row["turn"] == "nobody")
    page = await people["buyer"].open("negotiations/" + done["id"])
    assert not [form for form in page.forms if "/terminate" in form[1]]
    action = f"{page.url}/terminate"
    token = page.form("sign-out")[2]["form"]
    async with people["buyer"].session.post(action, data={"form": token, "reason": "no"}) as answer:
        assert answer.status == 409
        assert "at its end" in await answer.text()


async def test_everybody_sees_the_own_log_with_proofs(people):
    await people["regulator"].open("disputes")  # what a regulator looks at leaves an event
    for visitor in people.values():
        page = await visitor.open("evidence")
        number = next(link for link in page.links if link.rsplit("/", 1)[-1].isdigit())
        assert (await visitor.open(number)).status == 200
    assert "record.viewed" in (await people["regulator"].open("evidence.json")).text


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def anchored(space, bought):
    """What is looked at is under a published head, also where heads were anchored before."""
    del bought
    for role in ("provider", "buyer"):
        await space.doors[role].call("POST", "log/anchor", {})


async def test_a_regulator_finds_out_what_something_is_and_what_happened(space, people, bought, anchored):
    digest = next(link for link in bought.links if "/agreements/" in link).rsplit("/", 1)[-1]
    regulator = people["regulator"]
    found = json.loads((await regulator.open("lookup.json?q=0x" + digest.upper())).text)["found"]
    assert {"agreement", "chain-event", "log-event"} <= {one["what"] for one in found}
    transaction = next(one["facts"]["tx"] for one in found if one["what"] == "chain-event")
    kinds = {"The buyer": "member", space.did("provider"): "member", transaction: "transaction", "1": "block"}
    for text, what in kinds.items():
        said = json.loads((await regulator.open("lookup.json", params={"q": text})).text)["found"]
        assert what in [one["what"] for one in said], text
    assert json.loads((await regulator.open("lookup.json?q=nothing-like-it")).text)["found"] == []
    line = json.loads((await regulator.open(f"timeline/{digest}.json")).text)
    assert {"log", "chain"} == {row["source"] for row in line["rows"]}
    events = [row["event"] for row in line["rows"]]
    for name in ("agreement.signed", "LicenceGranted", "keys.released", "keys.received"):
        assert name in events
    assert [row["at"] for row in line["rows"]] == sorted(row["at"] for row in line["rows"])
    assert (await regulator.open("timeline/" + "00" * 32)).status == 404


@pytest.mark.usefixtures("anchored")
async def test_a_regulator_checks_a_proof_step_by_step_and_exports_what_it_sees(space, people, bought, tmp_path):
    """Every event of the timeline proves itself in the page, and the signed export by `penstock verify`."""
    digest = next(link for link in bought.links if "/agreements/" in link).rsplit("/", 1)[-1]
    regulator = people["regulator"]
    timeline = await regulator.open(f"timeline/{digest}")
    links = [link for link in timeline.links if "/proof/" in link]
    assert len(links) > 3
    for link in (links[0], links[-1]):
        page = await regulator.open(link)
        assert "Proven: the event is in the log." in page.text
        told = json.loads((await regulator.open(page.url + ".json")).text)
        assert told["reached"]
        (tmp_path / "policy.txt").write_text(told["policy"])
        (tmp_path / "event.json").write_text(json.dumps(told["document"]))
        said = await verified(tmp_path / "event.json", tmp_path / "policy.txt")
        assert said["kind"] == "proof"
        assert said["leaf"] == told["leaf"]
    export = await regulator.open(f"timeline/{digest}/export.json")
    (tmp_path / "view.json").write_text(export.text)
    said = await verified(tmp_path / "view.json", tmp_path / "policy.txt")
    assert said["issuer"] == space.did("regulator")
    assert 0 < int(said["proofsVerified"]) <= int(said["proofs"])
    assert (await regulator.open("proof/999999@" + quote(space.did("provider"), safe=""))).status == 404
    assert (await regulator.open("proof/0@did:web:nobody.example")).status == 404


async def verified(document, policy):
    """Return what `penstock verify` says of a document, which holds."""
    told = await run(("verify", str(document), "--log-policy", str(policy), "--json"), document.parent)
    return json.loads(told)


async def test_a_regulator_audits_with_one_click(people, bought):
    regulator = people["regulator"]
    begun = await regulator.send(await regulator.open("findings"), "/findings/audit")
    assert begun.status == 200
    again = await regulator.session.post(
        f"{regulator.prefix}/findings/audit", data={"form": begun.form("sign-out")[2]["form"]}
    )
    assert again.status == 409
    async with asyncio.timeout(120):
        while (said := json.loads((await regulator.open("findings.json")).text))["state"] == "running":
            await asyncio.sleep(0.5)
    assert said["state"] == "done", said
    assert said["counts"]["events"] > 10
