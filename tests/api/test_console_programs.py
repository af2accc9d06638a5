"""Programs on the console, on a real space: run on blocks, by an assent, by an engine; and who is shown what of it."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import quote

import pytest

from connector.compute.program import digest_of
from tests.api.test_computing import BY_DISTRICT, GATE, agreed, ask, jobs, publish
from tests.api.test_console_story import entered
from tests.api.test_engines import OPEN as ENGINED
from tests.api.test_engines import attach
from tests.api.test_programs import OPEN
from tests.api.test_reviewed import ROWS, SAID, gate, mean
from tests.api.test_rights import told
from tests.compute import programs

pytestmark = pytest.mark.asyncio(loop_scope="session")

DIGEST = digest_of(programs.MEAN)
RUN = {"statement": ROWS, "tells": "mean:0:1000", "preview": "1"}
FILE = {"file": ("mean.wat", programs.MEAN)}


def page_of(agreement, job):
    return f"computations/{agreement}@{quote(job, safe='')}"


async def chosen(visitor, page, files, **typed):
    """Send the files of a form, and look at what would be done with them."""
    seen = await visitor.send_files(page, "/files", files)
    assert seen.status == 200, seen.text
    return await visitor.open(seen.url, params={**RUN, **typed})


async def test_a_program_is_sent_priced_run_and_answered_on_one_page(space, tmp_path):
    await publish(space, "console-programs", tmp_path, gate=OPEN)
    agreement = await agreed(space, "console-programs")
    async with await entered(space, "buyer", "runner") as buyer:
        deal = await buyer.open(f"agreements/{agreement}")
        there = [link for link in deal.links if "/acts/" in link]
        assert [link.partition("/acts/")[2] for link in there if "what=" in link] == [
            f"query-ask?what={agreement}",
            f"program-ask?what={agreement}",
        ]
        looked = await chosen(buyer, await buyer.open(there[-1]), FILE, job="console one/1")
        for words in (f"Run {DIGEST} on {agreement}: {ROWS}", "mean.wat", "pay 10.00 CNY for an answer of"):
            assert words.replace(">", "&gt;") in looked.text, words
        assert jobs(space, agreement) == [], "nothing is sent by looking"
        said = await buyer.send(looked, "/acts/program-ask")
        assert said.status == 200, said.text
        assert " ± " in said.text
        assert "ε 4.00, 8.00 left" in said.text
        assert (await buyer.send(looked, "/acts/program-ask")).status == 200, "as a browser does that loads it again"
        [row] = jobs(space, agreement)
        assert (row["job"], row["state"], row["epsilon"]) == ("console one/1", "released", 400)
        page = await buyer.open(page_of(agreement, "console one/1"))
        assert page.status == 200, page.text
        for words in (DIGEST, "mean, between 0.0 and 1000.0", "ε 4.00", " ± ", "10.00 CNY", "could read it"):
            assert words in page.text, words
        chinese = await buyer.open(page_of(agreement, "console one/1"), params={"lang": "zh"})
        assert "分块运行的程序" in chinese.text
    async with await entered(space, "provider", "sees-runs") as provider:
        listed = json.loads((await provider.open("computations.json")).text)["rows"]
        [one] = [row for row in listed if row["id"].startswith(agreement)]
        assert (one["way"], one["statement"], one["role"]) == ("program", ROWS, "provider")
        links = (await provider.open("computations")).links
        page = await provider.open(next(link for link in links if agreement in link))
        for words in (DIGEST, "ε 4.00", "1 statement", "10.00 CNY", "answered"):
            assert words in page.text, words
        twin = next(link for link in page.links if link.endswith(".json"))
        assert json.loads((await provider.open(twin)).text)["answer"] is None
        assert (await provider.open(page_of(agreement, "another"))).status == 404


async def test_a_reviewer_assents_and_the_buyer_runs_by_it(space, tmp_path):
    await publish(space, "console-reviewed", tmp_path, gate=gate(space))
    agreement = await agreed(space, "console-reviewed")
    until = (space.now() + timedelta(days=2)).isoformat(timespec="seconds")
    whom = {"buyer": space.did("buyer"), "provider": space.did("provider"), "until": until, "why": SAID}
    before = len(told(space, "other", "assent.given"))
    async with await entered(space, "other", "reviewer") as reviewer:
        form = await reviewer.open("acts/program-assent")
        looked = await chosen(reviewer, form, FILE, product="console-reviewed", **whom)
        assert f"Assent to the program {DIGEST} of {space.did('buyer')}" in looked.text
        assert len(told(space, "other", "assent.given")) == before
        done = await reviewer.send(looked, "/acts/program-assent")
        assert done.status == 200, done.text
        name, twin = done.url.rpartition("/")[2], await reviewer.open(done.url + ".json")
    assert len(told(space, "other", "assent.given")) == before + 1
    async with await entered(space, "buyer", "runner") as buyer:
        files = FILE | {"assent": ("assent.json", twin.text.encode())}
        form = await buyer.open("acts/program-ask", params={"what": agreement})
        looked = await chosen(buyer, form, files, job="by-assent")
        for words in (DIGEST, "assent.json", SAID, "The other", "pay 10.00 CNY for an answer of"):
            assert words in looked.text, words
        said = await buyer.send(looked, "/acts/program-ask")
        assert said.status == 200, said.text
        assert f"<td>{mean(tmp_path)}</td>" in said.text
        assert f"Exactly, without noise, by the assent {name} of its reviewer." in said.text
        seen = json.loads((await buyer.open(page_of(agreement, "by-assent") + ".json")).text)
    async with await entered(space, "provider", "sees-runs") as provider:
        theirs = json.loads((await provider.open(page_of(agreement, "by-assent") + ".json")).text)
        page = await provider.open(page_of(agreement, "by-assent"))
        assert "The other looked at this program and assented to it" in page.text
        events = json.loads((await provider.open(f"agreements/{agreement}.json")).text)["rows"]
        begun = next(row["index"] for row in events if row["event"] == "computation.started")
        assert f"{name} by {space.did('other')} until" in (await provider.open(f"evidence/{begun}")).text
    for one in (seen, theirs):
        known = {one_: one[one_] for one_ in ("way", "run", "assent", "reviewer", "epsilon", "state", "given")}
        assert known == {
            "way": "assent", "run": DIGEST, "assent": name, "reviewer": space.did("other"), "epsilon": "",
            "state": "released", "given": False,
        }  # fmt: skip
    for role in ("provider", "buyer", "other"):
        await space.doors[role].call("POST", "log/anchor", {})
    async with await entered(space, "regulator", "supervisor") as regulator:
        line = json.loads((await regulator.open(f"timeline/{agreement}.json")).text)["rows"]
        said = {row["event"]: row["said"] for row in line if row["source"] == "log"}
        assert f"assent {name} by {space.did('other')} until" in said["computation.started"]
        assert f"program {DIGEST}" in said["computation.started"]
        assert f"receipt assent {name}" in said["answer.received"]
        assert SAID in said["assent.given"], "the reviewer's own log says so, too"


async def test_a_run_without_the_assent_that_terms_ask_for_is_refused_and_pays_nothing(space, tmp_path):
    await publish(space, "console-unassented", tmp_path, gate=gate(space))
    agreement = await agreed(space, "console-unassented")
    async with await entered(space, "buyer", "runner") as buyer:
        form = await buyer.open("acts/program-ask", params={"what": agreement})
        refused = await buyer.send_files(form, "/files", FILE)
        refused = await buyer.open(refused.url, params=RUN)
        assert (refused.status, "assented to" in refused.text) == (400, True)
        both = await buyer.open("acts/program-ask", params={**RUN, "what": agreement})
        assert (both.status, "an engine of the provider" in both.text) == (400, True)
    assert jobs(space, agreement) == []


async def test_an_engine_of_the_provider_is_asked_by_its_name(space, tmp_path):
    digest = attach(space)
    await publish(space, "console-engine", tmp_path, gate=ENGINED)
    agreement = await agreed(space, "console-engine")
    async with await entered(space, "buyer", "runner") as buyer:
        deal = await buyer.open(f"agreements/{agreement}")
        [there] = [link for link in deal.links if "program-ask" in link]
        assert "engine=mean" in there
        form = await buyer.open(there, params={**RUN, "blocks": "20", "job": "engine-1"})
        assert f"Run mean on {agreement}" in form.text
        said = await buyer.send(form, "/acts/program-ask")
        assert " ± " in said.text, said.text
        page = await buyer.open(page_of(agreement, "engine-1"))
        for words in (digest, "an engine of the provider", "nobody else was given it"):
            assert words in page.text, words


async def test_the_page_of_an_attested_answer_says_what_vouches(space, tmp_path):
    await publish(space, "console-attested", tmp_path, gate={**GATE, "attested": "simulated"})
    agreement = await agreed(space, "console-attested")
    await ask(space, agreement, BY_DISTRICT, job="vouched")
    for role in ("buyer", "provider"):
        async with await entered(space, role, "sees-runs") as visitor:
            page = await visitor.open(page_of(agreement, "vouched"))
            assert "attested: simulated (no hardware vouches for it)" in page.text, role
    async with await entered(space, "buyer", "sees-runs") as buyer:
        rows = json.loads((await buyer.open(f"agreements/{agreement}.json")).text)["rows"]
        got = next(row["index"] for row in rows if row["event"] == "answer.received")
        assert "simulated (no hardware vouches for it)" in (await buyer.open(f"evidence/{got}")).text
