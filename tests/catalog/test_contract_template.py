"""A contract template: what is read can be used, what cannot is refused at its place, and it fixes what it says."""

# ruff: noqa: RUF001 (Chinese is written with full-width marks)
from __future__ import annotations

import copy
import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.contract_template import (
    BYTES_MAX,
    CLAUSES_MAX,
    KINDS,
    TABLE,
    VALUE_CHARACTERS_MAX,
    Kind,
    Move,
    State,
    from_json,
    identifier,
    in_words,
    moved,
    usable,
)
from catalog.errors import CatalogError, TemplateError
from policy import templates
from policy.compare.compare import compare
from policy.errors import PolicyError
from policy.parse import parse
from policy.tc609.translate import to_odrl
from tests.every import every

WHOLE = {
    "kind": "provision",
    "name": {"en": "Use in China", "zh": "境内使用"},
    "abstract": {"en": "Use in China, so many times.", "zh": "在境内使用，限定次数。"},
    "rules": ["uses", "region", "not-passed-on"],
    "fixed": {"region": "CN"},
    "examples": {"times": "12"},
    "clauses": [{"en": "Data are given as they are.", "zh": "数据按现状提供。"}],
}
USABLE = sorted(name for name, row in templates.TEMPLATES.items() if not row.instead[0])


def made(**change):
    return usable({**WHOLE, **change})


def place(**change):
    """Return where a template is refused that is changed so."""
    with pytest.raises(CatalogError) as refusal:
        made(**change)
    assert refusal.value.path in str(refusal.value)
    return refusal.value.path


def test_what_is_read_is_written_again_and_fills_in():
    template = usable(copy.deepcopy(WHOLE))
    assert template.json() == WHOLE
    assert [(one.name, one.example) for one in template.parameters] == [("times", "12")]
    told = template.filled({"times": "3"})
    assert told == templates.fill(WHOLE["rules"], {"times": "3", "region": "CN"})
    assert "at most 3 times" in " ".join(in_words(told)["en"])
    assert "12 次" in " ".join(template.words()["zh"])
    least = usable({name: WHOLE[name] for name in ("kind", "name", "abstract")} | {"rules": ["sealed"]})
    assert (least.parameters, least.filled({})) == ((), templates.fill(["sealed"], {}))


def test_the_template_of_the_page_can_be_used():
    page = (Path(__file__).resolve().parents[2] / "docs/tc609.md").read_text(encoding="utf-8")
    [block] = [one for one in re.findall(r"```json\n(.+?)```", page, re.DOTALL) if '"clauses"' in one]
    told = json.loads(block)
    assert usable(told).json() == told


def test_what_is_fixed_stays_so_and_what_is_asked_for_is_said():
    template = made()
    with pytest.raises(CatalogError, match="fixed by the template: CN"):
        template.filled({"times": "3", "region": "US"})
    with pytest.raises(CatalogError, match="asks for no `colour`"):
        template.filled({"times": "3", "colour": "blue"})
    with pytest.raises(PolicyError, match="`times` is not said"):
        template.filled({})


def test_every_kind_is_one_of_the_four_model_contracts():
    assert set(KINDS) == set(Kind)
    assert [model for model, _, _ in KINDS.values()] == [f"GF-2025-{number}" for number in range(2615, 2619)]


@every("name", USABLE)
def test_every_built_in_template_may_be_named(name):
    assert made(rules=[name], fixed={}, examples={}).rules == (name,)


REFUSED = {
    "rules/0": [{"rules": ["sale"]}, {"rules": ["unheard of"]}, {"rules": [7]}],
    "rules/2": [{"rules": ["uses", "region", "uses"]}],
    "rules": [
        {"rules": []},
        {"rules": "uses"},
        {"rules": ["uses"] * (len(templates.TEMPLATES) + 1)},
        {"rules": ["from", "until"], "fixed": {"from": "2031-01-01T00:00:00Z"}, "examples": {}},
    ],
    "fixed": [{"fixed": []}, {"fixed": {str(at): "" for at in range(len(templates.TEMPLATES) + 1)}}],
    "fixed/region": [{"fixed": {"region": one}} for one in ("Atlantis", "", 7, None, "C" * (VALUE_CHARACTERS_MAX + 1))],
    "fixed/colour": [{"fixed": {"colour": "blue"}}],
    "examples/times": [{"examples": {"times": one}} for one in ("many", "", "-1", "1.5", [])],
    "examples/region": [{"examples": {"region": "CN"}}],
    "kind": [{"kind": "gift"}, {"kind": None}, {"kind": ["provision"]}],
    "name": [{"name": "Use"}, {"name": {"en": "a"}}, {"name": {"en": "a", "zh": "甲", "de": "a"}}],
    "name/en": [{"name": {"en": " ", "zh": "甲"}}],
    "name/zh": [{"name": {"en": "a", "zh": "甲" * 129}}, {"name": {"en": "a", "zh": 7}}],
    "abstract/en": [{"abstract": {"en": "a" * 1025, "zh": "甲"}}],
    "clauses": [{"clauses": {}}, {"clauses": [WHOLE["name"]] * (CLAUSES_MAX + 1)}],
    "clauses/1": [{"clauses": [WHOLE["name"], "as they are"]}],
    "clauses/1/zh": [{"clauses": [WHOLE["name"], {"en": "a", "zh": "长" * 1001}]}],
    "template": [{"more": 1}, {"clauses": [{"en": "a" * 1000, "zh": "长" * 1000}] * 5}],
}


@every(("where", "changes"), REFUSED.items(), ids=str)
def test_what_cannot_be_used_is_refused_at_its_place(where, changes):
    assert [place(**one) for one in changes] == [where] * len(changes)


@every("name", ["kind", "name", "abstract", "rules"])
def test_what_is_needed_is_said(name):
    with pytest.raises(CatalogError, match=f"lacks `{name}`"):
        from_json({key: value for key, value in WHOLE.items() if key != name})


@every("text", ["", "7", "0d2f1c7e5b3a4f0e9a613c2b7d9e4f10", "0D2F1C7E-5B3A-4F0E-9A61-3C2B7D9E4F10", 7, None, [],
                "0d2f1c7e-5b3a-4f0e-9a61-3c2b7d9e4f10\n", "0d2f1c7e-5b3a-4f0e-9a61-3c2b7d9e4f1\uff10"])  # fmt: skip
def test_an_id_is_a_uuid_of_36_characters(text):
    with pytest.raises(CatalogError):
        identifier(text, "id")


def test_every_cell_of_the_table():
    for state in State:
        for move in Move:
            if (state, move) in TABLE:
                assert moved(state, move) == State.WITHDRAWN
            else:
                with pytest.raises(TemplateError):
                    moved(state, move)


chosen = st.lists(st.sampled_from(USABLE), min_size=1, max_size=6, unique=True)


@settings(deadline=None, max_examples=60)
@given(chosen, st.data())
def test_a_template_says_what_its_rules_filled_in_with_the_same_values_say(names, data):
    """However its values are shared out between template and who fills it in, the policy is the same."""
    values = {one.name: one.example for name in names for one in templates.named(name).parameters}
    fixed = data.draw(st.sets(st.sampled_from(sorted(values)))) if values else set()
    template = made(rules=names, fixed={name: values[name] for name in fixed}, examples={})
    assert {one.name for one in template.parameters} == set(values) - fixed
    filled = template.filled({name: value for name, value in values.items() if name not in fixed})
    assert filled == templates.fill(names, values)
    # and what goes over the wire is read back as what the example allows
    policy = to_odrl(template.strategies())
    assert compare(parse(policy), parse(template.example())).relation == "equivalent"
    assert from_json(json.loads(json.dumps(template.json()))) == template


PATHS = [
    ("kind",), ("name",), ("name", "zh"), ("abstract", "en"), ("rules",), ("rules", 1), ("fixed",), ("fixed", "region"),
    ("examples",), ("examples", "times"), ("clauses",), ("clauses", 0), ("clauses", 0, "en"), ("more",),
]  # fmt: skip
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40) | st.sampled_from(USABLE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(PATHS), ODD)
def test_what_is_odd_is_refused_in_words_or_can_be_used(path, value):
    told = copy.deepcopy(WHOLE)
    inside = told
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    try:
        template = usable(told)
    except CatalogError as error:
        assert error.path  # noqa: PT017  # the law is about both
        return
    parse(template.example())
    assert len(json.dumps(template.json(), ensure_ascii=False).encode()) <= BYTES_MAX + 1_000
