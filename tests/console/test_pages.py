"""Every page for every kind of account: who sees what, in both languages, with twins, and what others wrote escaped."""

from __future__ import annotations

import csv
import io
import json
import re
from urllib.parse import quote

import pytest
import pytest_asyncio

from catalog.dataset import Dataset, dataset_json, distributions_of
from catalog.profile import Column, FileProfile
from connector.console.acts import ACTS
from connector.console.page import PREFIX
from connector.console.pages import PAGES
from connector.runtime.limits import FOUND_ROWS_MAX, PAGE_ROWS_MAX
from contracts.address import show
from contracts.namespace import TRIED
from contracts.ndi import strategy
from tests.console.conftest import NOW, ROLES
from tests.every import every

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}'"
PEER = "did:web:" + HOSTILE
FORMULA = '=HYPERLINK("http://evil.example")'
AGREEMENT, CHANNEL, EDITION = "0a" * 32, "0c" * 32, "04" * 32
NEGOTIATION, TRANSFER = "urn:uuid:negotiation", "urn:uuid:transfer"
MANY = 10_000
# and products beyond what may be leafed through
BEYOND = 200
NOBODY = show(bytes(20))
CHANNEL_ROW = {
    "state": "open", "seq": 1, "deposit": 0, "cumulative": 10**20, "claimed": 0, "frozen_for": 0, "salt": b"s",
    "payer": NOBODY, "payee": NOBODY, "signer": NOBODY, "token": NOBODY, "account_hash": bytes(32),
    "split": [{"payee": NOBODY, "bps": 10000}],
    "expiry": NOW.replace(year=2099),
    "created": NOW,
}  # fmt: skip
PAGE_BYTES_MAX = 100_000
FILE = FileProfile(HOSTILE, "text/csv", 10, 1, (Column(HOSTILE, "text", 0, 1, HOSTILE, HOSTILE, HOSTILE),))
POLICY = {
    "@type": "Agreement", "target": HOSTILE, "assigner": PEER, "assignee": PEER, "permission": [{"action": "use"}],
}  # fmt: skip
DATASET = dataset_json(Dataset("hostile", HOSTILE, HOSTILE, ("<b>",), (FILE,), distributions_of("kept"), 2))


def rows():
    """Yield (table, row): somebody wrote markup into every text that is shown."""
    moved = {"created": NOW, "updated": NOW}
    terms = {"title": HOSTILE, "tier": "kept", "product": HOSTILE, "policy": {"permission": [{"action": HOSTILE}]}}
    terms |= {"tariff": {"unit": "byte", "minor": "100", "per": "1048576", "currency": "CNY"}}
    yield "agreements", {"digest": AGREEMENT, "role": "buyer", "negotiation": NEGOTIATION, "peer": PEER} | {
        "product": HOSTILE, "edition": EDITION, "terms": terms, "state": "performing", "created": NOW, "not_after": NOW,
    }  # fmt: skip
    process = {"peer": PEER, "callback": HOSTILE, "pending": "", "turn": "", "reason": HOSTILE} | moved
    yield "negotiations", process | {"id": NEGOTIATION, "peer_pid": "1", "role": "consumer", "product": HOSTILE} | {
        "state": "TERMINATED", "rounds": 1, "offer": {"permission": [{"action": HOSTILE}]},
    }  # fmt: skip
    fitted = {"agreement": AGREEMENT, "id": HOSTILE, "answers": [EDITION]}
    for number, (who, price) in enumerate((("consumer", "4"), ("provider", "5"))):
        yield "offers_made", {"negotiation": NEGOTIATION, "number": number, "who": who, "price": int(price)} | {
            "offer": {"@id": HOSTILE, "permission": [{"action": HOSTILE}], TRIED: fitted}, "at": NOW,
        }  # fmt: skip
    yield "transfers", process | {"id": TRANSFER, "peer_pid": "1", "role": "consumer", "agreement": AGREEMENT} | {
        "format": HOSTILE, "state": "TERMINATED",
    }  # fmt: skip
    yield "acquisitions", {"id": "hostile", "product": HOSTILE, "provider": PEER, "mandate": {}, "state": "failed"} | {
        "reason": HOSTILE, "progress": {},
    } | moved  # fmt: skip
    yield "products", {"id": "hostile", "title": HOSTILE, "tier": "kept", "brief": {}, "state": "failed"} | {
        "reason": HOSTILE, "dataset": {"id": HOSTILE}, "policy": {},
    } | moved  # fmt: skip
    listed = {"provider": PEER, "tier": "kept", "dataset": DATASET, "edition": EDITION, "header": {}} | moved
    offer = {"id": "o", "ask": "5", "policy": terms["policy"], "terms": terms}
    yield (
        "listings",
        listed | {"id": "hostile", "title": HOSTILE, "offer": offer, "state": "refused", "reason": HOSTILE, "seq": 1},
    )
    yield "applications", {"did": PEER, "name": HOSTILE, "role": "buyer", "region": "US", "message": HOSTILE} | {
        "state": "applied", "reason": HOSTILE, "due": NOW,
    } | moved  # fmt: skip
    yield "disputes", {"id": "0d" * 32, "channel": CHANNEL, "account_hash": EDITION, "filer": PEER} | {
        "payer": HOSTILE, "payee": HOSTILE, "arbitrator": HOSTILE, "state": "filed", "ruling": {"reason": HOSTILE},
        "ruling_tx": "",
    } | moved  # fmt: skip
    yield "contracts", {"code": "hostile", "role": "consumer", "peer": PEER, "negotiation": NEGOTIATION} | {
        "request": "", "name": HOSTILE, "instruction": HOSTILE, "feedback": "denied", "created": NOW,
        "document": {"signMode": "01", "activationTime": NOW.isoformat(), "endTime": NOW.isoformat()},
    }  # fmt: skip
    yield "contract_versions", {"code": "hostile", "number": 1, "proposer": PEER, "previous": "", "history": ""} | {
        "strategy": strategy.written(POLICY), "at": NOW,
    }  # fmt: skip
    yield "flows", {"id": HOSTILE, "digest": "", "plane": HOSTILE, "role": "consumer", "participant": HOSTILE} | {
        "counterparty": HOSTILE, "dataspace": "", "agreement": HOSTILE, "dataset": HOSTILE, "profile": HOSTILE,
        "push": 1, "state": "TERMINATED", "owed": "", "reason": HOSTILE, "edition_bytes": 0, "files": 0, "bytes": 5,
    } | moved  # fmt: skip
    yield "computations", {"agreement": AGREEMENT, "job": HOSTILE, "product": HOSTILE, "edition": EDITION} | {
        "transfer": TRANSFER, "peer": PEER, "statement": HOSTILE, "purpose": HOSTILE, "state": "released", "rows": 3,
        "created": NOW,
    }  # fmt: skip
    said = {"until": "2026-06-30T00:00:00Z", "parameters": [HOSTILE], "tells": [[HOSTILE, HOSTILE, HOSTILE]]}
    said |= dict.fromkeys(("product", "provider", "buyer", "reviewer", "program", "statement", "why"), HOSTILE)
    yield "assents", {"digest": EDITION, "document": said, "signature": b"s", "created": NOW}
    yield "answers", {"agreement": AGREEMENT, "job": HOSTILE, "statement": HOSTILE, "purpose": HOSTILE} | {
        "created": NOW,
    }  # fmt: skip
    yield "sources", {"name": "hostile", "kind": "dsp", "address": HOSTILE, "did": PEER, "state": "paused"} | {
        "cursor": {}, "generation": 1, "pages": 0, "most": 5, "rank": 1, "products": 1, "left": 0, "told": [HOSTILE],
        "reason": HOSTILE, "failures": 0, "whole": 1, "due": NOW, "read": NOW,
    } | moved  # fmt: skip
    yield "harvested", {"source": "hostile", "own": HOSTILE, "product": HOSTILE, "kind": "dsp", "edition": ""} | {
        "document": {"title": HOSTILE, "provider": PEER}, "path": [PEER, HOSTILE], "digest": b"", "changed": NOW,
        "generation": 1, "at": NOW,
    }  # fmt: skip
    yield "complaints", {"id": "hostile", "agreement": AGREEMENT, "words": HOSTILE, "complainant": PEER} | {
        "respondent": PEER, "state": "escalated", "answer": HOSTILE, "reason": HOSTILE, "whose": "exchange",
        "due": NOW, "waits": 1, "late": 0,
    } | moved  # fmt: skip
    yield "spaces", {"id": "hostile", "name": HOSTILE, "description": HOSTILE, "state": "open", "version": 1} | {
        "rules": {}, "reason": HOSTILE,
    } | moved  # fmt: skip
    word = {"version": HOSTILE, "capabilities": [HOSTILE], "alarms": "1"}
    yield "connectors", {"did": PEER, "document": word, "seen": NOW}
    what = {"member": PEER, "agreement": AGREEMENT}
    yield "watched_uses", what | {"use": EDITION, "product": HOSTILE, "action": "read", "since": NOW, "seen": NOW}
    yield "use_stops", what | {"id": "hostile", "reason": HOSTILE, "state": "told"} | moved
    yield "members", {"did": PEER, "name": HOSTILE, "role": "buyer", "region": "US", "url": HOSTILE} | {
        "state": "suspended", "document": {},
    } | moved  # fmt: skip
    yield "reads", {"id": "hostile", "acquisition": "hostile", "agreement": AGREEMENT, "purpose": HOSTILE} | {
        "state": "denied", "reason": HOSTILE, "created": NOW,
    }  # fmt: skip
    yield "replicas", {"id": "hostile", "edition": EDITION, "series": HOSTILE, "agreement": AGREEMENT} | {
        "header": {"plainBytes": "5"}, "state": "sealed", "created": NOW, "path": HOSTILE,
    }  # fmt: skip
    finding = {"code": "x", "severity": "error", "subject": PEER, "en": HOSTILE, "zh": HOSTILE}
    yield (
        "audits",
        {"id": "a", "state": "done", "at": NOW, "reason": "", "report": {"audit": "findings", "findings": [finding]}},
    )


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def written(connector):
    def act(tx):
        for table, row in rows():
            tx.insert(table, **row)
        for number in range(BEYOND):
            more = {"id": f"p{MANY + number}", "title": "Beyond", "tier": "kept", "brief": {}, "state": "submitted"}
            tx.insert("products", **more, created=NOW, updated=NOW)
        for number in range(MANY):
            more = {
                "id": f"p{number}",
                "title": f"{FORMULA} {number}",
                "tier": "kept",
                "brief": {},
                "state": "submitted",
            }
            tx.insert("products", **more, created=NOW, updated=NOW)
            digest = f"{number:064x}"
            agreed = {
                "digest": digest,
                "role": "provider",
                "negotiation": "n",
                "peer": f"did:web:{number}",
                "terms": {},
            }
            tx.insert("agreements", **agreed, product=f"p{number}", edition=EDITION, state="performing", created=NOW)
            tx.insert("channels", id=digest, role="payee", peer=f"did:web:{number}", agreement=digest, **CHANNEL_ROW)
            paid = {"channel": digest, "seq": 1, "role": "payee", "state": "paid", "amount": number}
            tx.insert("windows", **paid, created=connector.clock.now())

    await connector.store.write(act)


# page → an id that it has; those of others are not on this participant
IDS = {
    "acquisition": "hostile", "offered": "hostile", "agreement": AGREEMENT, "negotiation": NEGOTIATION,
    "digital-contract": "hostile", "listing": "hostile", "source": "hostile", "space": "hostile",
    "complaint": "hostile", "dispute": "0d" * 32, "event": "0", "assent": EDITION,
    "computation": f"{AGREEMENT}@{quote(HOSTILE, safe='')}",
}  # fmt: skip


def path_of(page):
    bare = re.sub(r":[^{}]+(?=})", "", page.path)
    return bare.lstrip("/").format(id=IDS.get(page.name, "absent"))


SHOWN = [page for page in PAGES if "{id" not in page.path or page.name in IDS]


@pytest.mark.parametrize("role", ROLES)
async def test_who_sees_what_is_the_table(enter, role):
    visitor = await enter("only-" + role, (role,), operator=False)
    wrong = []
    for page in PAGES:
        status = (await visitor.open(path_of(page))).status
        if (status == 403) == (role in page.roles) or status >= 500:
            wrong.append((page.name, status))
    assert not wrong


@pytest.mark.parametrize("role", ROLES)
async def test_the_menu_leads_to_what_one_may_see(enter, role):
    visitor = await enter("only-" + role, (role,), operator=False)
    menu = (await visitor.open("overview")).links
    led = {page.name for page in PAGES if PREFIX + page.path in menu}
    assert {page.name for page in PAGES if page.menu and role in page.roles} <= led
    assert all(role in page.roles for page in PAGES if page.name in led)


async def test_the_box_finds_what_is_called_so_and_what_has_the_id(enter):
    visitor = await enter("seeking")
    page = await visitor.open("search?q=" + AGREEMENT[:20])
    assert f"/console/agreements/{AGREEMENT}" in page.links
    assert json.loads((await visitor.open("search.json?q=0x" + AGREEMENT)).text)["named"]
    assert json.loads((await visitor.open("search.json?q=nothing-is-called-so")).text)["named"] == []


async def test_what_is_narrowed_down_can_be_widened_again(enter):
    visitor = await enter("narrowing")
    told = json.loads((await visitor.open("search.json?where=tier%3Dkept&where=kind%3Ddataset")).text)
    assert [one["link"] for one in told["chosen"]] == [
        "/search?q=&where=kind%3Ddataset",
        "/search?q=&where=tier%3Dkept",
    ]


async def test_who_has_not_signed_in_sees_nothing(connector, enter):
    visitor = await enter("guest")
    visitor.session.cookie_jar.clear()
    for page in PAGES:
        assert "/sign-in" in (await visitor.open(path_of(page))).url
        said = await visitor.open(path_of(page) + ".json")
        assert said.status == 401
        assert json.loads(said.text)["code"] == "unproven"


@pytest.mark.parametrize("lang", ["en", "zh"])
@every("page", SHOWN, ids=lambda page: page.name)
async def test_what_others_wrote_is_text(connector, enter, page, lang):
    visitor = await enter("all-" + lang, language=lang, again=True)
    seen = await visitor.open(path_of(page))
    assert seen.status == 200, seen.text
    assert f'<html lang="{lang}">' in seen.text
    assert len(seen.text.encode()) < PAGE_BYTES_MAX
    for part in ("<script>alert", "<img src=x", "onerror=alert(2)>{{"):
        assert part not in seen.text
    assert not re.search(r"<script(?! src=\"/console/static/console.js\" defer>)", seen.text)
    assert not [name for name in seen.attributes if name.startswith("on") or name == "style"]
    assert "49" not in re.findall(r"alert\(2\)&gt;(\w+)", seen.text)
    policy = seen.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


@every("page", SHOWN, ids=lambda page: page.name)
async def test_twins_say_the_same(enter, page):
    visitor = await enter("twins", again=True)
    data = json.loads((await visitor.open(path_of(page) + ".json")).text)
    table = await visitor.open(path_of(page) + ".csv")
    if not page.columns:
        assert table.status == 404
        return
    assert table.headers["Content-Type"].startswith("text/csv")
    found = list(csv.reader(io.StringIO(table.text)))
    assert found[0] == [column.name for column in page.columns]
    assert len(found) - 1 == len(data["rows"])
    assert not [cell for row in found for cell in row if cell.startswith(("=", "+", "-", "@"))]


async def test_a_long_table_is_leafed_through(enter):
    visitor = await enter("leafing")
    page, seen = await visitor.open("products"), set()
    for _ in range(3):
        seen |= {link for link in page.links if "/products/p" in link}
        page = await visitor.open([link for link in page.links if "first=" in link][-1])
    assert len(seen) >= 299


async def test_the_last_page_leads_to_none_that_is_refused(enter):
    visitor = await enter("leafing")
    last = json.loads((await visitor.open(f"products.json?first={FOUND_ROWS_MAX}")).text)
    assert len(last["rows"]) == PAGE_ROWS_MAX
    assert last["next"] is None
    before = json.loads((await visitor.open(f"products.json?first={FOUND_ROWS_MAX - PAGE_ROWS_MAX}")).text)
    assert before["next"] == FOUND_ROWS_MAX


async def test_sums_are_of_all_rows_and_not_of_the_page(enter):
    visitor = await enter("summing")
    told = json.loads((await visitor.open("earnings.json")).text)
    assert len(told["rows"]) == 100
    assert told["sums"]["cumulative"] == str(MANY * 10**20)  # a deposit follows the chain, which has none of these
    assert sum(int(day["amount"]) for day in told["days"]) == sum(range(MANY))
    again = json.loads((await visitor.open("earnings.json?first=9900")).text)
    assert len(again["rows"]) == 100
    assert again["next"] is None


async def test_a_fault_says_what_why_and_an_id(enter):
    visitor = await enter("faulty")
    seen = await visitor.open("agreements/absent")
    assert seen.status == 404
    for words in ("there is no agreement `absent` here", "see the list of agreements", "Ask about it with this number"):
        assert words in seen.text
    number = seen.headers["X-Request-ID"]  # what `penstock admin trace` takes
    assert f"<code>{number}</code>" in seen.text
    assert (await visitor.open("nothing-like-it")).status == 404
    chinese = (await (await enter("faulty-zh", language="zh")).open("agreements/absent")).text
    for words in ("没有该名称的内容,或您无权查看。", "如何处理", "责任方", "您方", "咨询时请提供此编号"):
        assert words in chinese
    assert '<p lang="en">there is no agreement `absent` here</p>' in chinese


async def test_the_language_is_chosen_by_a_link_and_stays(enter):
    visitor = await enter("polyglot")
    page = await visitor.open("overview")
    chinese = await visitor.open(next(link for link in page.links if "lang=zh" in link))
    assert "总览" in chinese.text
    assert "总览" in (await visitor.open("overview")).text


async def test_files_are_two(enter):
    visitor = await enter("files")
    for name, kind in (("console.css", "text/css"), ("console.js", "text/javascript")):
        seen = await visitor.open("static/" + name)
        assert seen.headers["Content-Type"].startswith(kind)
        assert not re.search(r"https?://", seen.text)
    assert (await visitor.open("static/..%2fpages.py")).status == 404


async def test_what_a_regulator_looks_at_is_in_its_log(connector, enter):
    visitor = await enter("watcher", ("regulator",))
    read = lambda tx: [row for row in tx.find("log_entries") if row["kind"] == "record.viewed"]  # noqa: E731
    before = len(await connector.store.read(read))
    await visitor.open("disputes")
    await visitor.open("evidence")
    assert len(await connector.store.read(read)) == before + 1
    other = await enter("trader", ("buyer",))
    await other.open("disputes")
    assert len(await connector.store.read(read)) == before + 1


# ---- forms


async def form_of(visitor):
    """Return what every form of a visitor's pages carries: one word for a session."""
    if not hasattr(visitor, "form_word"):
        visitor.form_word = (await visitor.open("overview")).form("sign-out")[2]["form"]
    return visitor.form_word


def filled(act):
    path = act.route.removeprefix(PREFIX + "/").format(id="absent", act="retry")
    return path, dict.fromkeys(act.fields, "text")


@every("act", ACTS, ids=lambda act: act.path)
async def test_forms_are_taken_only_from_our_own_pages(connector, enter, act):
    """Without a token, with somebody else's, from another site: nothing is done."""
    visitor, other = await enter("formal", again=True), await enter("other", again=True)
    path, fields = filled(act)
    token, theirs = await form_of(visitor), await form_of(other)
    url = f"{visitor.prefix}/{path}"
    for told, headers in (({}, {}), ({"form": theirs}, {}), ({"form": token}, {"Sec-Fetch-Site": "cross-site"})):
        async with visitor.session.post(url, data={**fields, **told}, headers=headers) as answer:
            assert answer.status == 403
            assert "did not come from a page of ours" in await answer.text()
    async with visitor.session.post(url, json={**fields, "form": token}) as answer:
        assert answer.status == 400


@every("act", ACTS, ids=lambda act: act.path)
async def test_who_may_only_look_or_has_another_role_does_nothing(enter, act):
    path, fields = filled(act)
    kinds = [(role, True) for role in ROLES if role not in act.roles]
    kinds += [] if act.own else [(min(act.roles & set(ROLES)), False)]
    for role, operator in kinds:
        visitor = await enter(f"{'acts' if operator else 'looks'}-{role}", (role,), operator=operator, again=True)
        token = await form_of(visitor)
        async with visitor.session.post(f"{visitor.prefix}/{path}", data={**fields, "form": token}) as answer:
            assert answer.status == 403, (role, operator)


@every("act", ACTS, ids=lambda act: act.path)
async def test_a_form_has_exactly_its_fields(enter, act):
    visitor = await enter("exact", again=True)
    path, fields = filled(act)
    token = await form_of(visitor)
    for wrong in ({**fields, "more": "x"}, dict(list(fields.items())[1:]) | {"more": "y"}):
        async with visitor.session.post(f"{visitor.prefix}/{path}", data={**wrong, "form": token}) as answer:
            assert answer.status == 400
