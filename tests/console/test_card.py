"""The card of a data set: nothing that a provider wrote passes for a line of the card."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from catalog.about import about_from_json
from catalog.dataset import Dataset, dataset_json, distributions_of
from catalog.profile import Column, FileProfile
from connector.console import card, markdown
from connector.console.language import LANGUAGES, WORDS
from connector.runtime.errors import Absent
from tests.every import every
from tests.fault.extent import tried

POLICY = {"permission": [{"action": "use"}]}
TARIFF = {"unit": "mebibyte", "minor": "420", "per": "1", "currency": "CNY"}
HEADINGS = {lang: [WORDS[f"card.{key}"][at] for key in (
    "what", "who", "how", "columns", "quality", "personal", "terms", "limits", "citation")]
    for at, lang in enumerate(LANGUAGES)}  # fmt: skip


@pytest.fixture(autouse=True)
def _priced(monkeypatch):
    monkeypatch.setattr(card.describing, "prices", lambda _: {"en": "4.20 CNY per MiB", "zh": "每 MiB 4.20 元"})


def view(dataset, **more):
    return {
        "id": dataset.id, "title": dataset.title, "provider": "did:web:p.example", "name": "P", "tier": "kept",
        "dataset": dataset_json(dataset), "header": {"edition": "2", "sealedAt": "2026-01-02T03:04:05Z"},
        "state": "listed", "offer": {"policy": POLICY}, "quality": {"letter": "B", "completeness": 9_876},
        "review": None, "resource": None,
    } | more  # fmt: skip


def described(**change):
    told = {
        "id": "x", "title": "Tides", "description": "", "keywords": (),
        "files": (FileProfile("a.csv", "text/csv", 9, 3, (Column("a", "text", 1),)),),
        "distributions": distributions_of("kept"), "grade": 2,
    }  # fmt: skip
    return Dataset(**(told | change))


def headings(text):
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    depth, found = 0, []
    for at, token in enumerate(tokens):
        depth += token.nesting if token.tag == "blockquote" else 0
        if token.type == "heading_open" and not depth:
            found.append((token.tag, tokens[at + 1].content))
    return found


@every("lang", LANGUAGES)
def test_a_card_of_which_nothing_is_said_says_so_under_each_heading(lang):
    text = card.markdown(view(described()), lang)
    assert [title for tag, title in headings(text) if tag == "h2"] == HEADINGS[lang]
    at = LANGUAGES.index(lang)
    for key in ("undescribed", "uncontacted", "unoriginal", "unhinted", "unreviewed", "uncited"):
        assert WORDS[f"card.{key}"][at] in text, key


def test_what_is_hinted_at_and_what_was_not_checked_are_two_things():
    columns = (Column("phone", "text", 0, hint="telephone number"), Column("notes", "text", 0, hint="not checked"))
    text = card.markdown(view(described(files=(FileProfile("a.csv", "text/csv", 9, 3, columns),))), "en")
    assert "- a.csv: phone (telephone number)" in text
    assert "- a.csv: notes (not checked)" in text
    assert WORDS["card.unhinted"][0] not in text


HOSTILE = st.text(st.sampled_from("#>-*_`[]()<>|~\\!&\r\n\t ab1.:/\u202e"), max_size=40)


@settings(max_examples=tried(200), deadline=None)
@given(HOSTILE, HOSTILE, HOSTILE)
def test_no_word_of_a_provider_s_is_a_heading_or_a_line_of_the_card(description, name, title):
    files = (FileProfile(f"a{name}", "text/csv", 9, 3, (Column(f"c{name}", "text", 0, hint="pay"),), note=f"n{name}"),)
    dataset = described(title=f"T{title}", description=description, keywords=(f"k{name}",), files=files)
    text = card.markdown(view(dataset, name=f"p{name}"), "en")
    found = headings(text)
    assert [one for tag, one in found if tag == "h2"] == HEADINGS["en"]
    assert [tag for tag, _ in found].count("h1") == 1
    assert not re.search("[\r\u202e]", text)
    shown = markdown.html(text, 0, 3)
    assert "<script" not in shown
    assert str(shown).count("<table>") == 1
    assert str(shown).count("<tr>") == 2


def test_a_description_that_opens_a_fence_ends_where_its_quotation_does():
    text = card.markdown(view(described(description="```\n# not a heading")), "en")
    assert [one for tag, one in headings(text) if tag == "h2"] == HEADINGS["en"]


def test_what_is_long_is_cut_and_said_to_be_more():
    columns = tuple(Column(f"c{n}", "text", 0, hint="pay") for n in range(300))
    files = tuple(FileProfile(f"f{n}.csv", "text/csv", 9, 3, columns, note="x") for n in range(80))
    about = about_from_json({"licence": "x" * 50_000})
    text = card.markdown(view(described(files=files, about=about, grade=5)), "en")
    assert len(text.encode()) < 60_000
    for more in ("and 100 more", "and 30 more", "and 23950 more"):
        assert more in text, more


def test_what_is_no_data_set_of_here_has_no_card():
    with pytest.raises(Absent, match="there is no card"):
        card.markdown({"id": "service:x", "service": {}}, "en")
    with pytest.raises(Absent, match="there is no card"):
        card.markdown({"id": "found:x", "limits": [], "dataset": {}}, "en")
    with pytest.raises(Absent, match="cannot be read"):
        card.markdown({"id": "x", "dataset": {"id": "x"}}, "en")
