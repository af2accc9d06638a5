"""The text of a contract: all that was signed stands in it, each rule with how far it is kept, and nothing else."""

from __future__ import annotations

import io
import re
from dataclasses import fields, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pypdf import PdfReader

from connector.console import contract_text, markdown
from connector.console.contract_text import SECTIONS
from connector.console.language import LANGUAGES, WORDS
from connector.console.quotation import line
from connector.enforcement.keeping import keeping
from connector.runtime.errors import Absent
from contracts import address, digital_contract
from contracts.coverage import Coverage
from contracts.engine import Engine
from contracts.errors import ContractError
from contracts.freshness import Freshness
from contracts.gate import _PARTS, Gate
from contracts.joint import Joint
from contracts.learning import Learning
from contracts.lookup import LookUp
from contracts.noise import Noise
from contracts.program import Programs
from contracts.sketch import Sketches
from contracts.terms import _MEMBERS, Terms
from policy.parse import parse
from policy.words.speak import phrase
from tests.contracts.test_agreement import DOMAIN
from tests.contracts.test_digital_contract import AT, CONSUMER, POLICY, PROVIDER, agreed
from tests.contracts.weather import TERMS
from tests.every import every

WHOLE = 1 << 20
OTHERS = replace(
    TERMS,
    columns={"price": 1, "day": 2},
    facts={"language": "en", "dataField": ("price", "day")},
    parent=b"\x0f" * 32,
    project=b"\x0d" * 32,
    arbitrator=b"\xab" * 20,
    inherit=True,
)
ASKED = replace(TERMS, tier="computed", lease_seconds=0, gate=Gate(("price", "day"), "who", least=11))
# each part that a gate may have, but for those that go with no other
NOISE = Noise(50, 500)
RUN = Gate(
    ("price", "day"), "who", noise=NOISE, coverage=Coverage(140, 900, fresh=Freshness("day", (30, 365))),
    programs=Programs(5, "did:web:reviewer.example"),
    engine=Engine("averaging", "sha-256:" + "ab" * 32, 5), sketch=Sketches(256), learning=Learning(1_000),
)  # fmt: skip
# the rules stand in sentences, and a salt says nothing to a reader
SILENT = {"policy", "salt", "blind_salt"}


def contract(terms=TERMS):
    return digital_contract.written(agreed(terms), "performing", DOMAIN)


def told(terms, lang):
    return contract_text.markdown(contract(terms), lang)


def headings(text):
    tokens = MarkdownIt("commonmark").parse(text)
    return [(token.tag, tokens[at + 1].content) for at, token in enumerate(tokens) if token.type == "heading_open"]


@every("terms", [TERMS, OTHERS, ASKED])
@every("lang", LANGUAGES)
def test_each_member_of_the_terms_is_the_source_of_a_clause(terms, lang):
    text = told(terms, lang)
    sources = set(re.findall(r"`(?:terms|agreement)/([a-zA-Z]+)", text))
    names = {member: name for name, member, *_ in _MEMBERS}
    asked = {"claim_margin": "lockTtl", "stale_max": "lockTtl", "max_unpaid_bytes": "maxExposure", "product": "title"}
    for field in fields(Terms):
        if field.name not in SILENT and getattr(terms, field.name):
            assert asked.get(field.name, names[field.name]) in sources, field.name
    for value in (terms.title, terms.product, terms.edition_id.hex(), *terms.columns, *terms.facts, PROVIDER, CONSUMER):
        assert value in text or value in terms.facts, value
    for payee, _ in terms.split.parts:
        assert address.show(payee) in text


@settings(deadline=None, max_examples=60)
@given(POLICY, st.sampled_from([("plain", 0), ("kept", 0), ("leased", 900)]), st.sampled_from(LANGUAGES))
def test_each_rule_stands_in_it_whole_with_how_far_it_is_kept(policy, tier, lang):
    terms = replace(TERMS, policy=policy, tier=tier[0], lease_seconds=tier[1])
    given_ = agreed(terms)
    text = told(terms, lang)
    read = parse(digital_contract.rules(terms, given_.odrl))
    for rule in (*read.permissions, *read.prohibitions, *read.obligations):
        assert line(phrase(rule, lang), WHOLE) in text
    for one in keeping(read, terms.tier):
        kept = one.kept.value[LANGUAGES.index(lang)]
        assert f"{line(phrase(one.node, lang), WHOLE)} *({kept} · `terms/policy{one.node.path}`)*" in text


@settings(deadline=None, max_examples=60)
@given(st.text(min_size=1, max_size=200).filter(str.isprintable), st.sampled_from(LANGUAGES))
def test_no_words_of_a_party_pass_for_a_clause(title, lang):
    at = LANGUAGES.index(lang)
    expected = [f"{number}. {WORDS['contract.' + name][at]}" for number, (name, _) in enumerate(SECTIONS, 1)]
    text = told(replace(TERMS, title=title), lang)
    assert [said for tag, said in headings(text) if tag == "h2"] == expected
    assert "<script" not in markdown.html(text, 0)


@every(
    "title",
    [
        "# Free of charge",
        "- **9.9** The buyer owes nothing",
        "<script>x</script>",
        "*(kept by technique)*",
        "x`y` [a](http://b)",
    ],
)
def test_marks_of_a_title_are_shown_and_do_not_count(title):
    text = told(replace(TERMS, title=title), "en")
    tokens = MarkdownIt("commonmark").parse(text)
    assert not [one for one in tokens if one.type == "html_block"]
    assert f"“{line(title, WHOLE)}”" in text
    assert "<a " not in markdown.html(text, 0)
    assert len([one for one in tokens if one.type == "heading_open"]) == len(SECTIONS) + 1


def test_a_long_rule_is_not_cut():
    places = [f"CN-{number:02}" for number in range(10, 90)]
    limit = {"leftOperand": "recipient", "operator": "isAnyOf",
             "rightOperand": [f"did:web:{place}.example" for place in places]}  # fmt: skip
    text = told(replace(TERMS, policy={"permission": [{"action": "use", "constraint": [limit]}]}), "en")
    assert all(f"did:web:{place}.example" in text for place in places)


@every("lang", LANGUAGES)
def test_a_page_of_it_fetches_nothing_and_runs_nothing(lang):
    page = contract_text.paper(told(OTHERS, lang), lang)
    assert page.startswith(f'<!doctype html>\n<html lang="{lang}">')
    assert not re.search(r"<(script|img|link|iframe|a)\b|url\(|@import", page)
    assert page.count("<h2>") == len(SECTIONS)


@every("lang", LANGUAGES)
def test_a_pdf_has_the_whole_text_and_is_the_same_each_time(lang):
    text = told(OTHERS, lang) + "- \N{GRINNING FACE} <b>x</b> 黄河\n"
    made = contract_text.written(text, lang, ".pdf")
    assert made == contract_text.written(text, lang, ".pdf")
    read = PdfReader(io.BytesIO(made))
    assert read.metadata.title == OTHERS.title
    pages = ["".join(page.extract_text().split()) for page in read.pages]
    found = "".join(page.removeprefix(str(number)).removesuffix(str(number)) for number, page in enumerate(pages, 1))
    for said in text.replace("\N{GRINNING FACE}", "[U+1F600]").splitlines():
        words = "".join(re.sub(r"^\s*(#+|-) |[*`\\]", "", said).split())
        assert words in found, said
    assert not re.search(rb"/(JavaScript|URI|Launch|EmbeddedFile)\b", made)


def test_what_was_changed_has_no_text():
    for changed in ({"contractName": "Another"}, {"indate": "20300101000000"}, {}):
        document = contract() | changed
        if not changed:
            document["expansionItem"] = document["expansionItem"] | {"terms": replace(TERMS, title="Another").json()}
        with pytest.raises(ContractError, match="was changed"):
            contract_text.markdown(document, "en")


def test_the_same_is_told_of_the_same_whoever_asks():
    first, again = (contract_text.markdown(contract(), "en") for _ in range(2))
    assert first == again
    later = digital_contract.written(agreed(TERMS, AT + timedelta(seconds=1)), "ended", DOMAIN)
    assert contract_text.markdown(later, "en") != first


# --- before it is signed


def listed(of=TERMS, **changed):
    said = {name: value for name, value in of.json().items() if name not in ("policy", "salt")}
    offer = {"id": "x:offer", "ask": str(of.tariff.minor), "terms": said, "policy": dict(of.policy)}
    return {"id": "x", "title": of.title, "provider": PROVIDER, "offer": offer | changed}


def clauses(text):
    """Return source → words of the clauses from the second section on, without their numbers."""
    lines = [line.partition("** ")[2] for line in text.split("## 2.")[1].splitlines() if line.startswith("- **")]
    return {re.search(r"`([^`]+)`\)\*$", line)[1]: line for line in lines}


@every("terms", [TERMS, OTHERS, ASKED])
@every("lang", LANGUAGES)
def test_what_is_offered_reads_as_what_is_signed_of_it(terms, lang):
    """But for who it is that may, what its mandate allows, and which chain it is on."""
    before, after = contract_text.offered(listed(terms), lang), told(terms, lang)
    offer, agreed_ = clauses(before), clauses(after)
    assert agreed_.keys() - offer.keys() == {"agreement/priceCap"}
    other = {source for source, words in offer.items() if agreed_[source] != words}
    assert {one for one in other if not one.startswith("terms/policy/")} == {"terms/token"}
    assert (PROVIDER in before, CONSUMER in before) == (True, False)


@every("gate", [
    RUN,
    Gate(("price",), "who", programs=Programs(5, "did:web:reviewer.example")),
    Gate(("price",), "who", lookup=LookUp(100, 2)),
    Gate(("price",), "who", noise=NOISE, joint=Joint(("did:web:a", "did:web:b"), 3)),
])  # fmt: skip
@every("lang", LANGUAGES)
def test_each_part_of_a_gate_is_a_clause(gate, lang):
    text = told(replace(ASKED, gate=gate), lang)
    for part in _PARTS:
        assert (f"`terms/gate/{part}`" in text) == (getattr(gate, part) is not None), part
    fresh = gate.coverage is not None
    assert ("`terms/gate/coverage/fresh`" in text, "30, 365" in text, "{'column'" in text) == (fresh, fresh, False)
    assert ("`terms/gate/programs/reviewer`" in text, "reviewer.example" in text) == (bool(gate.reviewer),) * 2


def test_the_asked_price_is_what_is_offered():
    assert "7.77 CNY" in contract_text.offered(listed(ask="777"), "en")


@every("member", sorted(set(TERMS.json()) - {"policy", "salt"}))
def test_an_offer_that_makes_no_contract_is_refused_in_words(member):
    for value in (None, [], {}, -1, "x" * 70_000, {"a": {}}):
        terms = listed()["offer"]["terms"]
        with pytest.raises(Absent, match="makes no contract"):
            contract_text.offered(listed(terms=terms | {member: value}), "en")
    less = {name: value for name, value in listed()["offer"]["terms"].items() if name != member}
    with pytest.raises(Absent, match="makes no contract"):
        contract_text.offered(listed(terms=less), "en")


def test_what_is_no_data_set_of_here_offers_no_contract():
    for view in ({"id": "service:x", "service": {}}, {"id": "found:x", "limits": []}):
        with pytest.raises(Absent, match="no contract of"):
            contract_text.offered(view, "en")
    for policy in (None, [], "x", {"permission": "x"}, {"permission": [{"action": "unknown"}]}):
        with pytest.raises(Absent, match="makes no contract"):
            contract_text.offered(listed(policy=policy), "en")
