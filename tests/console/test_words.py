"""Every sentence is there in both languages, is used, and takes the same values in both."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from string import Formatter

from catalog import places
from catalog.codes import TIERS
from catalog.facets import FACETS
from catalog.hints import GRADE_OF_HINT, NOT_CHECKED
from connector.api.pages import searching
from connector.console import language
from connector.console.page import GROUP_ENTRIES_MAX, GROUPS
from connector.console.pages import PAGES
from connector.console.words import events, faults, hints
from connector.runtime.fault_table import EXIT_CODES, ROWS, UNEXPECTED
from contracts import gate
from ledger.log.events import SHAPES
from tests.every import every

ROOM = Path(language.__file__).parent
TEMPLATES = {path.name: path.read_text(encoding="utf-8") for path in (ROOM / "templates").glob("*.html")}
SAID = re.compile(r"""\bt\(\s*"([^"]+)"\s*[,)]""")
# what is said by a key that is put together: `term("state", …)` and the like
MADE = re.compile(
    r"^(hint|kind|menu|state|role|turn|process|event|severity|source|post|move|unit|side|fault-what|fault-do|whose|step|column|figure|wait|begin|what|count|movement|terms|kept|tier|least|data|card|contract|outcome|again|mode|feedback|way|seen|sign|cut)\."
)


CHINESE = re.compile(r"[\u4e00-\u9fff]")
# facets whose values are names that somebody gave, and no codes
GIVEN = {"space", "provider"}
# what is written alike in both languages
SAME = {"API"}


def fields(text):
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name)


def test_what_the_box_leads_to_and_the_menu_s_groups_have_words():
    assert {f"kind.{kind}" for kind in searching.PLACES} == {key for key in language.WORDS if key.startswith("kind.")}
    named = {f"menu.{group}" for group in GROUPS if group != "start"}
    assert named == {key for key in language.WORDS if key.startswith("menu.")}


def test_every_hint_at_people_has_words():
    assert {f"hint.{what}" for what in (*GRADE_OF_HINT, NOT_CHECKED)} == set(hints.WORDS)


def test_every_event_of_the_log_has_words():
    assert {f"event.{kind}" for kind in SHAPES} == set(events.WORDS)


def test_a_group_of_the_menu_is_taken_in_at_a_look():
    counted = Counter(page.menu for page in PAGES if page.menu)
    assert set(counted) == set(GROUPS)
    assert max(counted.values()) <= GROUP_ENTRIES_MAX


@every("key", language.WORDS)
def test_a_sentence_is_there_in_both_languages(key):
    english, chinese = language.WORDS[key]
    assert english.strip()
    assert chinese.strip()
    assert fields(english) == fields(chinese)
    assert not re.search(r"[\u4e00-\u9fff]", english)
    assert re.search(r"[\u4e00-\u9fff]", chinese)


def test_every_code_of_a_fault_is_explained_in_both_languages():
    codes = {row.code for row in (*ROWS.values(), UNEXPECTED)}
    for kind in (faults.WHAT, faults.DO):
        assert {key.removeprefix(kind + ".") for key in language.WORDS if key.startswith(kind + ".")} == codes | {
            str(number) for number in EXIT_CODES if number
        }
    assert faults.code_of("absent", 4) == "absent"
    assert faults.code_of("a code of another table", 2) == "2"


def keys_said():
    """Return what the templates say; of a page that is its table, its title, and what stands in an empty one."""
    by_table = 'extends "table.html"'
    tables = [page.name for page in PAGES if by_table in TEMPLATES.get(page.name + ".html", by_table)]
    said = {key for text in TEMPLATES.values() for key in SAID.findall(text)}
    return said | {f"{name}.{part}" for name in tables for part in ("title", "empty")}


def test_what_the_templates_say_is_there():
    assert not keys_said() - set(language.WORDS)


def test_nothing_is_there_that_nobody_says():
    said = keys_said()
    titles = {page.name + ".title" for page in PAGES}
    acts = {f"members.{act}" for act in ("suspend", "resume", "revoke")}
    assert {key for key in language.WORDS if not MADE.match(key)} <= said | titles | acts


@every("start, file", [("card.", "card.py"), ("contract.", "contract_text.py")])
def test_what_is_told_in_markdown_says_each_of_its_words(start, file):
    lines = (ROOM / file).read_text(encoding="utf-8")
    said = {start + key.removeprefix(start) for key in re.findall(r"""["']([\w.]+)["']""", lines)} | keys_said()
    said |= {f"contract.{group}.{key}" for group, keys in (("tier", TIERS), ("gate", gate._PARTS)) for key in keys}
    assert {key for key in language.WORDS if key.startswith(start)} <= said


def test_every_page_has_a_template_a_title_and_words_for_its_columns():
    for page in PAGES:
        assert page.name + ".html" in TEMPLATES or page.columns
        assert not page.menu or page.name + ".title" in language.WORDS
        for column in page.columns:
            assert f"column.{column.name}" in language.WORDS, column


@every("facet", FACETS.values(), ids=lambda facet: facet.key)
def test_a_facet_and_each_of_its_codes_has_words_in_both_languages(facet):
    assert facet.en.strip()
    assert CHINESE.search(facet.zh)
    assert bool(facet.codes) == (facet.key not in GIVEN)
    for code in facet.codes:
        english, chinese = facet.words(code)
        assert english.strip()
        assert not CHINESE.search(english)
        assert CHINESE.search(chinese) or chinese in SAME, code


@every(
    ("code", "words"),
    [
        ("US", ("United States", "美国")),
        ("US-NY", ("NY, United States", "美国 NY")),
        ("CN-44", ("Guangdong", "广东省")),
        ("440000", ("Guangdong", "广东省")),
        ("440305", ("440305, Guangdong", "广东省 440305")),
        ("CN-HK", ("Hong Kong", "中国香港")),
        ("nowhere", None),
    ],
)
def test_a_place_is_called_by_what_it_lies_in(code, words):
    assert places.words(code) == words


def test_templates_hold_no_words_of_their_own():
    """Between tags there are only expressions, signs, commands, and what is the same in every language."""
    for name, text in TEMPLATES.items():
        bare = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}|<code>.*?</code>", " ", text, flags=re.DOTALL)
        bare = re.sub(r"<[^>]*>", " ", bare)
        assert set(re.findall(r"[A-Za-z\u4e00-\u9fff]+", bare)) <= {"Penstock", "doctype", "html"}, name


@every(
    ("header", "expected"),
    [
        ("", "en"), ("zh", "zh"), ("zh-CN,zh;q=0.9,en;q=0.8", "zh"), ("en-US,zh;q=0.9", "en"), ("de, zh;q=0.5", "zh"),
        ("fr", "en"), ("zh;q=0", "en"), ("en;q=0.1, zh-Hans;q=0.2", "zh"), ("\x00;;,", "en"), ("zh" * 5_000, "en"),
    ],
)  # fmt: skip
def test_the_browser_is_listened_to(header, expected):
    assert language.accepted(header) == expected
