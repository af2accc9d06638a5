"""Answers that come with evidence of their reader: over HTTP, in both logs, on the console; and what is refused."""

from __future__ import annotations

import base64
import json

import aiohttp
import pytest

from contracts import gate as gates
from contracts import platforms, reader_report, simulated_platform
from contracts.reader_report import ReaderReport
from tests.api import lying_serve
from tests.api.command import commanded
from tests.api.refusals import refused
from tests.api.test_computing import BY_DISTRICT, GATE, address, agreed, ask, firms, jobs, publish
from tests.api.test_console_story import entered
from tests.api.test_rights import told

pytestmark = pytest.mark.asyncio(loop_scope="session")

ATTESTED = {**GATE, "attested": "simulated"}
LABEL, LABEL_ZH = "simulated (no hardware vouches for it)", "模拟平台(无硬件背书)"
WHOLE = "select count(*) as firms from firms"
FRESH = "0c" * 32
NOISE = {"subject": "firm", "noise": "1", "choose": "0.2:3", "budget": "6", "rows": "4", "attested": "simulated"}


@pytest.fixture(scope="module")
def kept():
    """What the first test made, for those that look at it."""
    return {}


async def test_an_answer_comes_with_evidence_that_anybody_verifies(space, tmp_path, kept):
    await publish(space, "firms-attested", tmp_path, gate=ATTESTED)
    agreement = await agreed(space, "firms-attested")
    got = await ask(space, "firms-attested", BY_DISTRICT, job="attested-1")
    kept |= {"agreement": agreement, "got": got}
    assert got["attested"] == LABEL
    assert await ask(space, agreement, BY_DISTRICT, job="attested-1") == got
    [row] = jobs(space, agreement)
    [deal] = [one for one in space.rows("buyer", "agreements") if one["digest"] == agreement]
    gate = gates.read(json.loads(deal["terms"])["gate"])
    answer, shown = json.loads(row["answer"]), got["evidence"]
    report = ReaderReport.of(
        agreement, "attested-1", BY_DISTRICT, gate.json(), shown["nonce"], reader_report.told(answer)
    ).digest()
    evidence = base64.b64decode(shown["evidence"])
    platforms.verify("simulated", evidence, report, shown["measurement"], shown["root"])
    assert (shown["measurement"], shown["root"]) == (gate.attested.measurement, gate.attested.root)
    assert json.loads(evidence)["label"] == simulated_platform.LABEL


async def test_every_list_says_what_vouches(space, kept):
    agreement = kept["agreement"]
    for role, path, name in (("buyer", "queries", "statements"), ("provider", "computations", "computations")):
        rows = (await space.doors[role].call("GET", path))[name]
        [row] = [one for one in rows if one["agreement"] == agreement]
        assert row["attested"] == LABEL, role
    bill = (await space.doors["buyer"].call("GET", f"bills/{agreement}"))["copies"]
    assert bill["attested"] == LABEL
    for command in (
        ("query", "firms-attested", BY_DISTRICT, "--id", "attested-1"), ("admin", "queries"), ("admin", "readers"),
        ("bill", "show", agreement), ("bill", "list"),
    ):  # fmt: skip
        said = await commanded(*command, "--data", space.people["buyer"].data)
        assert LABEL in said.out.decode(), (command, said)
    said = await commanded("admin", "computations", "--data", space.people["provider"].data)
    assert LABEL in said.out.decode(), said
    keys = (await space.doors["provider"].call("GET", "keys"))["keys"]
    [key] = [one for one in keys if one["kind"] == "simulated"]
    public = json.loads(base64.b64decode(kept["got"]["evidence"]["evidence"]))["key"]
    assert (key["key"], "no hardware" in key["purpose"]) == (public, True)
    assert "simulated" not in {one["kind"] for one in (await space.doors["buyer"].call("GET", "keys"))["keys"]}


async def test_the_console_says_what_vouches_in_both_languages(space, kept):
    agreement = kept["agreement"]
    for lang, words in (("en", f"attested: {LABEL}"), ("zh", f"答复证明:{LABEL_ZH}")):
        async with await entered(space, "buyer", f"attested-{lang}") as buyer:
            for path in (f"agreements/{agreement}", "catalogue/firms-attested", "catalogue/firms-attested/quote"):
                assert words in (await buyer.open(path, params={"lang": lang})).text, (path, lang)
            asking = {"preview": "1", "what": agreement, "statement": BY_DISTRICT, "job": "attested-1", "lang": lang}
            looked = await buyer.open("acts/query-ask", params=asking)
            assert words in (await buyer.send(looked, "/acts/query-ask")).text, lang
        async with await entered(space, "provider", f"attests-{lang}") as provider:
            assert words in (await provider.open("products/firms-attested", params={"lang": lang})).text, lang


async def test_a_buyer_measures_the_reader_that_the_terms_name(space, kept):
    found = await space.doors["buyer"].call("GET", "readers")
    measured = {one["answers"]: one["measurement"] for one in found["readers"]}
    assert measured["exact"] == kept["got"]["evidence"]["measurement"]
    assert found["platforms"] == [{"platform": "simulated", "en": LABEL, "zh": LABEL_ZH}]


async def test_answers_with_noise_are_attested_with_the_epsilon_that_was_chosen(space, tmp_path):
    await publish(space, "firms-attested-noise", tmp_path, gate=NOISE, unit="epsilon")
    agreement = await agreed(space, "firms-attested-noise")
    got = await ask(space, "firms-attested-noise", WHOLE, job="noised", epsilon="1.5")
    assert (got["attested"], got["receipt"]["epsilon"]) == (LABEL, "1.50")
    assert (await ask(space, "firms-attested-noise", WHOLE, job="usual"))["attested"] == LABEL
    assert len(jobs(space, agreement)) == 2


async def test_a_dry_run_draws_no_key(space, tmp_path):
    gate = [f"--gate={name}={value}" for name, value in ATTESTED.items()]
    about = (
        "--title",
        "Firms",
        "--price",
        "50",
        "--floor",
        "50",
        "--purpose",
        "Research",
        "--until",
        "2099-01-01T00:00:00Z",
    )
    says = ("--tier", "computed", "--unit", "query", *gate, *about, "--id", "never-attested", "--dry-run", "--json")
    said = await commanded("publish", str(firms(tmp_path)), *says, "--data", space.people["second"].data)
    assert said.code == 0, said
    assert not (space.people["second"].data / "keys" / "simulated.key").exists()


async def test_an_answer_without_evidence_of_its_own_is_not_kept(space, tmp_path):
    """Each lie is told by the provider's own connector, in an answer that it signs."""
    await publish(space, "firms-lied-about", tmp_path, role="second", gate=ATTESTED)
    await agreed(space, "firms-lied-about")
    assert (await ask(space, "firms-lied-about", BY_DISTRICT, job="true"))["attested"] == LABEL
    file = space.people["second"].data / lying_serve.ATTESTS
    lies = {name: words for name, (_, words) in lying_serve.EVIDENCES.items()}
    lies[lying_serve.REPORTED] = "of another answer, or of another question"
    try:
        for lie, words in lies.items():
            file.write_text(lie)
            job = f"lie-{lie}"
            status, text = await refused(ask(space, "firms-lied-about", WHOLE, job=job))
            assert (status, "not attested as its provider agreed" in text, words in text) == (502, True, True), (
                lie,
                text,
            )
            [row] = [one for one in space.rows("buyer", "answers") if one["job"] == job]
            assert (row["answer"], row["receipt"]) == (None, None), lie
            assert not [one for one in told(space, "buyer", "answer.received") if job in str(one)], lie
    finally:
        file.unlink(missing_ok=True)
    assert (await ask(space, "firms-lied-about", BY_DISTRICT, job="true-again"))["attested"] == LABEL


async def test_another_reader_than_was_agreed_on_answers_nothing(space, tmp_path):
    file = space.people["second"].data / lying_serve.ATTESTS
    file.write_text(lying_serve.MEASURED)
    try:
        await publish(space, "firms-measured-otherwise", tmp_path, role="second", gate=ATTESTED)
    finally:
        file.unlink()
    await agreed(space, "firms-measured-otherwise")
    status, text = await refused(ask(space, "firms-measured-otherwise", WHOLE, job="one"))
    assert (status, "another one than was agreed on" in text) == (403, True), text
    assert not [one for one in space.rows("second", "computations") if one["product"] == "firms-measured-otherwise"]


async def test_a_question_has_a_number_of_its_buyer_s_where_its_answer_is_attested(space, kept, tmp_path):
    url, header = address(space, kept["agreement"])
    async with aiohttp.ClientSession(headers=header) as session:

        async def sent(**said):
            async with session.post(url, json={"statement": WHOLE, **said}) as answer:
                return answer.status, await answer.text()

        assert (await sent(id="raw"))[0] == 400
        for odd in ("", "0c", FRESH.upper(), 7, None, ["x"]):
            assert (await sent(id="raw", nonce=odd))[0] == 400, odd
        status, first = await sent(id="raw", nonce=FRESH)
        assert status == 200
        assert json.loads(first)["attested"]["nonce"] == FRESH
        assert await sent(id="raw", nonce=FRESH) == (200, first)
        status, text = await sent(id="raw", nonce="0d" * 32)
        assert (status, "another `nonce`" in text) == (409, True), text
    await publish(space, "firms-unattested", tmp_path)
    agreement = await agreed(space, "firms-unattested")
    assert (await ask(space, "firms-unattested", WHOLE))["attested"] is None
    url, header = address(space, agreement)
    body = {"id": "x", "statement": WHOLE, "nonce": FRESH}
    async with aiohttp.ClientSession(headers=header) as session, session.post(url, json=body) as answer:
        assert (answer.status, "leave it out" in await answer.text()) == (400, True)


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        ({**GATE, "attested": "tdx"}, "tdx"),
        ({**GATE, "attested": ""}, "platform"),
        ({**GATE, "attested": "simulated:aa"}, "is the name of a platform"),
        ({**GATE, "attested": "simulated:aa:bb"}, "a digest"),
        ({"subject": "firm", "lookup": "10", "attested": "simulated"}, "not attested"),
        ({**GATE, "epsilon": "1.4", "attested": "simulated"}, "not attested"),
        ({**NOISE, "programs": "2"}, "not attested"),
        ({**NOISE, "sketch": "256"}, "not attested"),
    ],
)
async def test_what_cannot_be_attested_is_not_published(space, tmp_path, gate, words):
    status, text = await refused(publish(space, "never-attested", tmp_path, gate=gate))
    assert (status, words in text) == (400, True), text


async def test_an_audit_of_both_logs_finds_nothing(space):
    """Of all that was asked above: the answers with a lie in them were taken by nobody."""
    asked = ("--exchange", space.url("exchange"), "--development", "--data", space.people["regulator"].data, "--json")
    found = json.loads((await commanded("audit", *asked)).out)
    about = {"answer-unattested", "answer-unlogged", "answer-differs", "field-malformed", "computations-miscounted"}
    assert [one for one in found["findings"] if one["code"] in about] == []
