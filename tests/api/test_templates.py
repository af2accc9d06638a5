# ruff: noqa: RUF001 (Chinese is written with full-width marks)
"""Contract templates on the wire: offered by an exchange, asked for by its members, filled in and published under."""

from __future__ import annotations

import json
import uuid

import aiohttp
import pytest

from catalog.contract_template import KINDS
from connector.runtime.limits import TEMPLATES_MAX
from policy.tc609.translate import to_odrl
from tests.api.command import commanded, penstock
from tests.api.refusals import refused, status
from tests.api.test_rights import told

pytestmark = pytest.mark.asyncio(loop_scope="session")

IN_CHINA = {
    "kind": "provision",
    "name": {"en": "Use in China", "zh": "境内使用"},
    "abstract": {"en": "Use in China, so many times.", "zh": "在境内使用，限定次数。"},
    "rules": ["uses", "region", "not-passed-on"],
    "fixed": {"region": "CN"},
    "examples": {"times": "12"},
    "clauses": [{"en": "Data are given as they are.", "zh": "数据按现状提供。"}],
}
REASON = {"reason": "the law changed"}


def fresh():
    return str(uuid.uuid4())


async def add(space, template=IN_CHINA, *, key=None, role="exchange", **more):
    body = {"id": key or fresh(), "template": template, **more}
    return await space.doors[role].call("POST", "templates", body)


async def withdraw(space, key, role="exchange", **body):
    return await space.doors[role].call("POST", f"templates/{key}/withdrawal", body or REASON)


async def listed(space, role="buyer", more=""):
    return [one["id"] for one in (await space.doors[role].call("GET", f"templates{more}"))["templates"]]


async def asked(space, role, body, header=None):
    """Return how the exchange answers what is sent to its interface by hand."""
    url = space.url("exchange") + "/contractTemplate"
    bearer = space.bearer(role, "exchange") if header is None else header
    async with aiohttp.ClientSession(headers=bearer) as session, session.post(url, json=body) as answer:
        return answer.status, await answer.json()


def question(space, role, **more):
    return {"issuerId": space.did(role), "issuerEntityId": "91310000MA1FL00000", **more}


async def test_a_template_is_offered_and_asked_for_in_the_field_names_of_the_text(space):
    added = await add(space)
    key = added["id"]
    assert (added["state"], added["open"], added["parameters"][0]["example"]) == ("offered", ["times"], "12")
    assert added["kind"] == dict(zip(("key", "model", "en", "zh"), ("provision", *KINDS["provision"]), strict=True))
    # every member finds and reads it, whatever its role
    for role in ("provider", "buyer", "regulator", "exchange"):
        assert key in await listed(space, role)
        assert await space.doors[role].call("GET", f"templates/{key}") == added
    code, answer = await asked(space, "buyer", question(space, "buyer", templateId=key, somethingElse=[1]))
    template = answer["template"]
    assert (code, answer["status"]) == (200, "0")
    assert (template["templateId"], template["contractName"]) == (key, "境内使用")
    assert template["contractAbstract"] == IN_CHINA["abstract"]["zh"]
    assert template["expansionItem"] == {"v": 1, "supersedes": "", "template": added["template"]}
    assert added["template"] == IN_CHINA
    # the strategies are read back as the rules of the example, about no product and nobody that there is
    policy = to_odrl(template["contractPolicies"])
    assert [one["rightOperand"] for one in policy["permission"][0]["constraint"]] == ["12", "CN"]
    assert policy["target"] == "urn:penstock:product:example"
    code, answer = await asked(space, "provider", question(space, "provider"))
    assert (code, answer["status"]) == (200, "0")
    assert template in answer["template"]
    assert [one["templateId"] for one in answer["template"]] == await listed(space)


async def test_it_is_added_once_and_superseded_once_and_every_move_is_in_the_log(space):
    first = (await add(space))["id"]
    assert (await add(space, key=first))["id"] == first
    other = {**IN_CHINA, "examples": {}}
    assert await status(add(space, other, key=first)) == 409
    second = (await add(space, other, supersedes=first))["id"]
    shown = await space.doors["buyer"].call("GET", f"templates/{first}")
    assert (shown["state"], shown["reason"]) == ("withdrawn", f"superseded by {second}")
    assert shown["template"] == IN_CHINA
    code, text = await refused(add(space, other, supersedes=first))
    assert (code, second in text) == (409, True)
    assert (await space.doors["buyer"].call("GET", f"templates/{second}"))["supersedes"] == first
    assert await status(add(space, supersedes=fresh())) == 404
    # what is withdrawn may be superseded, too; nothing is withdrawn twice
    await withdraw(space, second)
    assert await status(withdraw(space, second)) == 400
    await add(space, supersedes=second)
    moves = [one["part"] for one in told(space, "exchange", "template.moved")]
    assert [moves.count(one) for one in (first, second)] == [2, 2]


async def test_what_is_withdrawn_is_shown_and_no_longer_offered(space):
    key = (await add(space))["id"]
    await withdraw(space, key)
    assert key not in await listed(space)
    assert key in await listed(space, more="?withdrawn=1")
    assert (await space.doors["provider"].call("GET", f"templates/{key}"))["reason"] == REASON["reason"]
    code, answer = await asked(space, "buyer", question(space, "buyer", templateId=key))
    assert (code, "withdrawn: the law changed" in json.dumps(answer)) == (404, True)
    _, answer = await asked(space, "buyer", question(space, "buyer"))
    assert key not in [one["templateId"] for one in answer["template"]]
    ended = await commanded("template", "fill", key, "--set", "times=3", "--data", space.people["provider"].data)
    assert (ended.code, b"the template is withdrawn" in ended.err) == (2, True), ended


ODD = {
    "nobody who asks": {"issuerId": None},
    "no entity": {"issuerEntityId": None},
    "another who asks": {"issuerId": "did:web:somebody.example"},
    "a number for who asks": {"issuerId": 7},
    "an empty entity": {"issuerEntityId": " "},
    "too long an entity": {"issuerEntityId": "9" * 257},
    "too long a template": {"templateId": "a" * 37},
    "too short a template": {"templateId": "a" * 35},
    "capitals": {"templateId": "0D2F1C7E-5B3A-4F0E-9A61-3C2B7D9E4F10"},
    "a list of templates": {"templateId": ["0d2f1c7e-5b3a-4f0e-9a61-3c2b7d9e4f10"]},
}


async def test_what_is_asked_oddly_is_refused_in_words(space):
    for how, change in ODD.items():
        told = {**question(space, "buyer"), **change}
        body = {name: value for name, value in told.items() if value is not None}
        code, answer = await asked(space, "buyer", body)
        assert code == 400, (how, answer)
        [name] = change
        assert name in json.dumps(answer, ensure_ascii=False), (how, answer)
    for body in ([], "text", None, 7):
        assert (await asked(space, "buyer", body))[0] == 400
    code, answer = await asked(space, "buyer", question(space, "buyer", templateId=fresh()))
    assert (code, "there is no contract template" in json.dumps(answer)) == (404, True)


async def test_a_stranger_reads_nothing_and_a_member_adds_nothing(space, stranger):
    assert (await asked(space, "buyer", question(space, "buyer"), header={}))[0] == 401
    body = {**question(space, "buyer"), "issuerId": stranger.did}
    code, answer = await asked(space, "buyer", body, header=stranger.bearer(space.did("exchange")))
    assert (code, "not a member" in json.dumps(answer)) == (404, True), answer
    key = (await add(space))["id"]
    for role in ("provider", "buyer", "regulator"):
        assert await status(add(space, role=role)) == 404
        assert await status(withdraw(space, key, role=role)) == 404
    assert key in await listed(space)


UNUSABLE = {
    "rules/0": {"rules": ["sale"]},
    "rules/1": {"rules": ["uses", "nothing like it"]},
    "rules": {"rules": ["from", "until"], "fixed": {"from": "2031-01-01T00:00:00Z"}, "examples": {}},
    "fixed/region": {"fixed": {"region": "Atlantis"}},
    "fixed/colour": {"fixed": {"colour": "blue"}},
    "examples/times": {"examples": {"times": "many"}},
    "examples/region": {"examples": {"region": "CN"}},
    "kind": {"kind": "gift"},
    "name/zh": {"name": {"en": "a", "zh": "长" * 129}},
    "name/en": {"name": {"en": " ", "zh": "甲"}},
    "abstract": {"abstract": {"en": "a"}},
    "abstract/en": {"abstract": {"en": "a" * 1025, "zh": "甲"}},
    "clauses": {"clauses": [{"en": "a", "zh": "甲"}] * 33},
    "clauses/0/zh": {"clauses": [{"en": "a", "zh": "长" * 1001}]},
    "template": {"clauses": [{"en": "a" * 1000, "zh": "长" * 1000}] * 10},
}


async def test_what_could_not_be_used_is_not_kept(space):
    before = await listed(space, more="?withdrawn=1")
    for place, change in UNUSABLE.items():
        code, text = await refused(add(space, {**IN_CHINA, **change}))
        assert (code, f"`{place}`" in text) == (400, True), (place, text)
    for missing in ("kind", "name", "abstract", "rules"):
        code, text = await refused(add(space, {name: one for name, one in IN_CHINA.items() if name != missing}))
        assert (code, f"`{missing}`" in text) == (400, True)
    assert await status(add(space, {**IN_CHINA, "more": 1})) == 400
    assert await status(add(space, key="in-china")) == 400
    assert await status(add(space, supersedes="in-china")) == 400
    assert await status(withdraw(space, fresh())) == 404
    assert await listed(space, more="?withdrawn=1") == before
    key = (await add(space))["id"]
    assert await status(withdraw(space, key, reason=" ")) == 400
    assert key in await listed(space)


async def test_a_provider_fills_one_in_and_publishes_under_it(space, tmp_path):
    template = tmp_path / "in-china.json"
    template.write_text(json.dumps(IN_CHINA))
    kept = await penstock(space, "exchange", "exchange", "template", "add", template, "--dry-run")
    assert kept["dryRun"] is True
    added = await penstock(space, "exchange", "exchange", "template", "add", template)
    policy = tmp_path / "policy.json"
    words = ("template", "fill", added["id"], "--set", "times=3")
    filled = await penstock(space, "provider", *words, "-o", policy)
    assert json.loads(policy.read_text()) == filled["policy"]
    assert "at most 3 times" in " ".join(filled["words"]["en"])
    assert "3 次" in " ".join(filled["words"]["zh"])
    assert filled["clauses"] == IN_CHINA["clauses"]
    for said, why in ((["--set", "region=US", "--set", "times=3"], b"fixed by the template"), ([], b"`times` is not")):
        ended = await commanded(*words[:3], *said, "--data", space.people["provider"].data)
        assert (ended.code, why in ended.err) == (2, True), ended
    ended = await commanded(*words, "--set", "colour=blue", "--data", space.people["provider"].data)
    assert (ended.code, b"asks for no `colour`" in ended.err) == (2, True), ended
    [file] = space.files("by-template", (65_536,))
    about = ("--title", "By a template", "--price", "0.03", "--floor", "0.01", "--until", "2099-01-31T23:59:59Z")
    await penstock(space, "provider", "publish", file, *about, "--policy", policy, "--id", "by-template")
    [product] = [one for one in space.rows("provider", "products") if one["id"] == "by-template"]
    assert json.loads(product["policy"])["permission"] == filled["policy"]["permission"]


async def test_no_more_are_offered_than_one_answer_has(space):
    large = {**IN_CHINA, "clauses": [{"en": "a" * 900, "zh": "长" * 900}] * 4}
    offered = await listed(space)
    for _ in range(TEMPLATES_MAX - len(offered)):
        await add(space, large)
    code, text = await refused(add(space))
    assert (code, f"at most {TEMPLATES_MAX}" in text) == (409, True)
    # another may take the place of one
    last = (await listed(space))[0]
    newest = (await add(space, supersedes=last))["id"]
    status_, answer = await asked(space, "buyer", question(space, "buyer"))
    assert (status_, len(answer["template"])) == (200, TEMPLATES_MAX)
    for key in await listed(space):
        if key != newest:
            await withdraw(space, key)
    await withdraw(space, newest)
    assert await listed(space) == []
