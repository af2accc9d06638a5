"""Each operand that has a source decides in a running space: allowed by one value, refused by its name by another."""

from __future__ import annotations

import asyncio
import json

import pytest
import pytest_asyncio

from connector.enforcement.context import WORDS
from connector.enforcement.supply import SUPPLIED, Proof, proof
from connector.provider.facts import KNOWN
from connector.regulator.sources import sources
from connector.runtime.errors import PeerRefused, explain_failure
from contracts.facts import STATED
from contracts.namespace import FORMAT_SEALED
from ledger.audit import audit
from policy.vocabulary import catenax
from tests.api.command import commanded, penstock
from tests.api.sourcing import ROWS, bought, constraint, foreseen, offered, opened, permitting, refused, words
from tests.api.space import PURPOSE
from tests.api.test_console_story import entered
from tests.every import every

__all__ = ["offered"]  # a fixture
pytestmark = pytest.mark.asyncio(loop_scope="session")

# what a buyer says of its use, and something else
SAID = {
    "algorithm": ("sha-256:8d5e", "sha-256:77aa"),
    "application": ("urn:app:dashboard", "urn:app:export"),
    "environmentState": ("emergency", "calm"),
    "industry": ("G56", "J66"),
    "machineLearningModel": ("urn:model:delay:3", "urn:model:delay:4"),
    "media": ("print", "online"),
    "networkAddress": ("10.1.7.9", "10.2.7.9"),
    "physicalAddress": ("urn:building:7", "urn:building:8"),
    "product": ("urn:product:map", "urn:product:game"),
    "spatialCoordinates": ("22.54,114.06", "0,0"),
    "systemDevice": ("urn:device:rack-1", "urn:device:laptop"),
    catenax.FRAMEWORK: ("DataExchangeGovernance:1.0", "none"),
    catenax.PURPOSE: ("cx.core.industrycore:1", "cx.pcf.base:1"),
}
# what its provider signs of the product: as it says, and otherwise
STATEMENTS = {
    "absolutePosition": ("frame 1200", "frame 1201"),
    "absoluteSpatialPosition": ("tile 4/8/5", "tile 4/9/9"),
    "absoluteTemporalPosition": ("PT10M", "PT11M"),
    "dataRecord": ("2013-01", "2013-03"),
    "language": ("zh-Hans", "en"),
    "relativePosition": ("49.5", "50.5"),
    "relativeSpatialPosition": ("0,0 50,50", "0,0 100,100"),
    "relativeTemporalPosition": ("9", "10"),
    "resolution": ("720", "1080"),
}
# what is known when it is sealed: what a policy may ask, and what is never so
SEALED = {
    "artifactState": ("eq", "encrypted", "anonymized"),
    "dataClass": ("isPartOf", ["grade-2", "topic-B0300"], ["grade-5"]),
    "dataField": ("isPartOf", ["day", "millimetres", "more"], ["day"]),
    "fileFormat": ("eq", "text/csv", "image/png"),
    "version": ("eq", "1", "2"),
}
SIGNED = {**{name: ("eq", *values) for name, values in STATEMENTS.items()}, **SEALED}
FACTS = {name: holds for name, (holds, _) in STATEMENTS.items()}


def terms_of(space, agreement):
    [row] = [one for one in space.rows("buyer", "agreements") if one["digest"] == agreement]
    return json.loads(row["terms"])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def all_at_once(space, offered):
    """Every operand that somebody says or signs, in one permission, bought by who says the right things."""
    asked = [constraint(name, "eq", holds) for name, (holds, _) in SAID.items()]
    asked += [constraint(name, operator, holds) for name, (operator, holds, _) in SIGNED.items()]
    asked += [constraint("virtualLocation", "eq", space.did("exchange")), constraint("role", "eq", "owner")]
    asked += [constraint("deliveryChannel", "eq", FORMAT_SEALED)]
    product = await offered("sourced", permitting("use", *asked), facts=FACTS)
    said = {name: holds for name, (holds, _) in SAID.items()}
    view = await bought(space, product, said)
    return product, said, view["agreement"]


async def test_the_table_is_tried_here_whole():
    assert set(SAID) == set(WORDS)
    assert set(STATEMENTS) == set(STATED)
    assert set(SEALED) == set(KNOWN)
    assert {name for name in SUPPLIED if proof(name) is Proof.WORD} == {*SAID, "purpose", "role"}


async def test_what_is_said_and_signed_as_the_policy_asks_opens_and_is_in_the_record(space, all_at_once):
    product, said, agreement = all_at_once
    assert (await opened(space, product, "right", said))["number"] == 1
    facts = terms_of(space, agreement)["facts"]
    assert facts | FACTS == facts
    assert (facts["dataField"], facts["fileFormat"], facts["version"]) == (["day", "millimetres"], "text/csv", "1")
    for role, place in (("buyer", "opening"), ("provider", "release")):
        [*_, row] = [
            one for one in space.rows(role, "decisions") if (one["agreement"], one["place"]) == (agreement, place)
        ]
        context = json.loads(row["decision"])["request"]["context"]
        assert context | said == context
        assert context | facts == context
        assert (context["role"], context["virtualLocation"]) == ("owner", space.did("exchange"))


@every("name", SAID)
async def test_another_word_is_refused_by_its_name(space, all_at_once, name):
    product, said, _ = all_at_once
    wrong = said | {name: SAID[name][1]}
    assert words(name) in await refused(foreseen(space, product, wrong))
    assert words(name) in await refused(opened(space, product, f"wrong-{name}", wrong))
    left_out = {one: text for one, text in said.items() if one != name}
    assert words(name) in await refused(opened(space, product, f"without-{name}", left_out))


@every("name", SIGNED)
async def test_what_is_not_so_of_the_product_is_refused_by_its_name(space, offered, name):
    operator, _, never = SIGNED[name]
    facts = {"facts": {name: FACTS[name]}} if name in FACTS else {}
    product = await offered(f"away-{name.lower()}", permitting("use", constraint(name, operator, never)), **facts)
    assert words(name) in await refused(foreseen(space, product))


OTHERWISE = {
    "virtualLocation": "did:web:another.example",
    "role": "auditor",
    "deliveryChannel": "https://w3id.org/penstock/ns/Another",
}


@every("name", OTHERWISE)
async def test_another_place_role_or_channel_is_refused_by_its_name(space, offered, name):
    product = await offered(f"other-{name.lower()}", permitting("use", constraint(name, "eq", OTHERWISE[name])))
    assert words(name) in await refused(foreseen(space, product))


# what is measured: a condition that the first opening meets, and one that no opening meets, or not the second
MEASURED = {
    "percentage": (constraint("percentage", "lteq", "150"), None),
    "relativeSize": (constraint("relativeSize", "lteq", "150"), None),
    "payAmount": (
        constraint("payAmount", "gteq", "0.01", unit="CNY"), constraint("payAmount", "gteq", "1000.00", unit="CNY")
    ),
    "delayPeriod": (constraint("delayPeriod", "gteq", "PT0.1S"), constraint("delayPeriod", "gteq", "P1D")),
}  # fmt: skip

REFUSES = {"delayPeriod": "at least P1D later"}


@every("name", MEASURED)
async def test_what_is_measured_here_opens_until_it_does_not(space, offered, name):
    holds, never = MEASURED[name]
    free = permitting("reproduce")
    product = await offered(f"measured-{name.lower()}", free, permitting("read", holds))
    await bought(space, product)
    await asyncio.sleep(0.1)
    assert (await opened(space, product, "first"))["number"] == 1
    if never is None:
        assert words(name) in await refused(opened(space, product, "second"))
    else:
        product = await offered(f"unmet-{name.lower()}", free, permitting("read", never))
        await bought(space, product)
        told = await refused(opened(space, product, "first"))
        assert REFUSES.get(name, words(name)) in told


APART = {"user": {}, "device": {"systemDevice": "urn:device:rack-1"}}


@every("whom", APART)
async def test_uses_are_counted_apart_for_each_user_and_device(space, offered, whom):
    twice = [constraint("count", "lteq", "1"), constraint("unitOfCount", "eq", whom)]
    product = await offered(f"apart-{whom}", permitting("reproduce"), permitting("read", *twice))
    await bought(space, product)
    assert (await opened(space, product, "first", APART[whom]))["number"] == 1
    assert "at most 1 time" in await refused(opened(space, product, "second", APART[whom]))
    if whom == "device":
        assert (await opened(space, product, "other", {"systemDevice": "urn:device:laptop"}))["number"] == 2


async def test_the_key_holder_hears_what_its_policy_asks_for_and_nothing_else(space, offered):
    asked = constraint("application", "eq", "urn:app:dashboard")
    product = await offered("leased-word", permitting("use", asked), tier="leased", unit="opening")
    said = {"application": "urn:app:dashboard", "media": "print"}
    agreement = (await bought(space, product, said))["agreement"]
    assert (await opened(space, product, "right", said))["number"] == 1
    assert words("application") in await refused(opened(space, product, "wrong", {"application": "urn:app:export"}))
    channels = [one["id"] for one in space.rows("provider", "channels") if one["agreement"] == agreement]
    windows = [one for one in space.rows("provider", "windows") if one["channel"] in channels]
    contexts = [context for one in windows for context in json.loads(one["contexts"])]
    assert contexts
    assert all(set(context) <= {"purpose", "application"} for context in contexts)


async def test_a_plain_copy_is_asked_for_with_its_words(space, offered):
    asked = constraint("application", "eq", "urn:app:dashboard")
    product = await offered("plain-word", permitting("use", asked), tier="plain")
    await bought(space, product, {"application": "urn:app:dashboard"})
    [*_, row] = [one for one in space.rows("provider", "decisions") if one["place"] == "copy"]
    assert json.loads(row["decision"])["request"]["context"]["application"] == "urn:app:dashboard"


NOT_TO_SAY = {"role": "owner", "user": "ann", "spatial": "CN", "recipient": "did:web:x", "absoluteSize": "1", "x": "1"}


@every("name", NOT_TO_SAY)
async def test_nobody_says_what_others_know(space, name):
    with pytest.raises(PeerRefused) as fault:
        await opened(space, "sourced", f"says-{name}", {name: NOT_TO_SAY[name]})
    assert f"`{name}` is not for the asker to say" in explain_failure(fault.value).text


UNPUBLISHED = {
    "a fact that nobody says": ([constraint("language", "eq", "zh")], {}, "--fact language=VALUE"),
    "paid for a plain copy": ([constraint("payAmount", "lteq", "5", unit="CNY")], {"tier": "plain"}, "tier kept"),
    "another currency": ([constraint("payAmount", "lteq", "5", unit="EUR")], {}, "currency of the space"),
    "a fact that is known": ([constraint("version", "eq", "1")], {"facts": {"version": "7"}}, "`facts`"),
    "no language": ([constraint("language", "eq", "zh")], {"facts": {"language": "zh_CN!"}}, "no value of `language`"),
    "of the delivery": ([constraint("query", "eq", "SUM")], {}, "`read`"),
    "nobody's": ([constraint("computeFunction", "eq", "SUM")], {}, "algorithm"),
}


@every("name", UNPUBLISHED)
async def test_what_nobody_could_meet_is_refused_before_anything_is_sealed(space, offered, name):
    asked, brief, words = UNPUBLISHED[name]
    sealed = len(space.rows("provider", "editions"))
    with pytest.raises(PeerRefused) as fault:
        await offered("never", permitting("use", *asked), **brief)
    told = explain_failure(fault.value)
    assert words in told.text + told.hint
    assert len(space.rows("provider", "editions")) == sealed


async def test_by_the_command_line(space, offered, tmp_path):
    """`publish --policy --fact`, `get --say`, `open --say`."""
    policy = tmp_path / "policy.json"
    asked = [constraint("application", "eq", "urn:app:sheet"), constraint("language", "isPartOf", "zh")]
    policy.write_text(json.dumps({"@type": "Offer", "permission": [permitting("use", *asked)]}))
    data = tmp_path / "rain.csv"
    data.write_text(ROWS)
    await penstock(
        space, "provider", "publish", data, "--id", "typed-words", "--title", "Typed", "--price", "10.00",
        "--policy", policy, "--fact", "language=zh-Hans", "--until", "2099-01-31T23:59:59Z",
    )  # fmt: skip
    await space.doors["exchange"].call("POST", "listings/typed-words/review", {})
    say = ("--purpose", PURPOSE, "--say", "application=urn:app:sheet")
    got = await penstock(space, "buyer", "get", "typed-words", "--max-price", "10.00", *say)
    assert (await penstock(space, "buyer", "open", got["id"], *say))["number"] == 1
    wrong = ("--purpose", PURPOSE, "--say", "application=urn:app:mail", "--data", space.people["buyer"].data)
    told = await commanded("open", got["id"], *wrong)
    assert told.code == 3
    assert b"application" in told.err


async def test_the_console_says_who_asks_and_what_they_say(space, offered):
    """A policy for a role: the owner of the data directory is somebody else."""
    asked = [
        constraint("role", "isAnyOf", ["auditor", "risk manager"]),
        constraint("application", "eq", "urn:app:dashboard"),
    ]
    each = [constraint("count", "lteq", "1"), constraint("unitOfCount", "eq", "user")]
    product = await offered("console-word", permitting("reproduce", *asked), permitting("read", *asked, *each))
    assert words("role") in await refused(foreseen(space, product, {"application": "urn:app:dashboard"}))
    for name, title in (("rita", "risk manager"), ("rob", "risk manager"), ("carl", "")):
        await penstock(space, "buyer", "admin", "account", "add", name, "--operator", "--title", title)
    async with await entered(space, "buyer", "carl") as carl:
        quote = await carl.open(f"catalogue/{product}/quote")
        told = await carl.send(quote, "/purchase", limit="10.00", purpose=PURPOSE, said="application=urn:app:dashboard")
        assert "the role given is operator" in told.text
    async with await entered(space, "buyer", "rita") as rita:
        quote = await rita.open(f"catalogue/{product}/quote")
        assert "application=urn:app:dashboard" in quote.text
        bare = await rita.send(quote, "/purchase", limit="10.00", purpose=PURPOSE, said="application")
        assert (bare.status, "a line `name=value` each" in bare.text) == (400, True)
        seen = await rita.send(quote, "/purchase", limit="10.00", purpose=PURPOSE, said="application=urn:app:dashboard")
        assert seen.status == 200, seen.text
        key = seen.url.rpartition("/")[2]
        view = await space.until(key, lambda view: view["state"] in ("complete", "failed"))
        assert view["state"] == "complete", view
        page = await rita.open(f"agreements/{view['agreement']}")
        purpose = {"purpose": f"https://w3id.org/penstock/purpose#{PURPOSE}"}
        opened_here = await rita.send(page, "/opening", **purpose, said="application=urn:app:dashboard")
        assert opened_here.status == 200, opened_here.text
        again = await rita.send(page, "/opening", **purpose, said="application=urn:app:dashboard")
        assert "at most 1 time" in again.text
    async with await entered(space, "buyer", "rob") as rob:
        page = await rob.open(f"agreements/{view['agreement']}")
        other = await rob.send(page, "/opening", **purpose, said="application=urn:app:dashboard")
        assert other.status == 200, other.text
    units = {row["unit"] for row in space.rows("buyer", "uses") if row["agreement"] == view["agreement"]}
    assert units == {"user=account:rita", "user=account:rob"}


async def test_an_audit_makes_every_decision_again_to_the_same_end(space, all_at_once):
    """The regulator reads every log: what was told of a use agrees with terms, space and policy."""
    _, _, agreement = all_at_once
    for role in ("provider", "buyer", "exchange", "regulator"):
        await space.doors[role].call("POST", "log/anchor", {})
    async with sources(space.url("exchange"), development=True) as asking:
        held = space.keys("regulator")
        report = await audit.run(asking, held.delivery, others=(held.hybrid,))
    about = [one for one in report.findings if one.code.startswith("decision") and one.part == agreement]
    assert [one.text() for one in about] == []
    assert report.decisions_replayed > len(SAID)
