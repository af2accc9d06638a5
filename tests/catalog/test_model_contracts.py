"""The templates of the model contracts: each can be added, says its rules in both languages, and is changed by hand."""

from __future__ import annotations

import json

import pytest

from catalog.contract_template import Kind, usable
from catalog.errors import CatalogError
from catalog.model_contracts import MODELS, model
from tests.api.command import commanded

FORBIDDEN = {"sell", "distribute", "grantUse"}


@pytest.mark.parametrize("kind", Kind)
def test_an_exchange_can_add_it(kind):
    made = model(kind.value)
    assert made == usable(json.loads(json.dumps(MODELS[kind])))
    assert made.kind == kind
    words = made.words()
    assert words["en"]
    assert len(words["en"]) == len(words["zh"])
    assert all(one.en.endswith(".") and one.zh.endswith("。") for one in made.clauses)
    permitted, prohibited = (made.example().get(part, []) for part in ("permission", "prohibition"))
    assert permitted
    assert {one["action"] for one in prohibited} & FORBIDDEN, "nothing is passed on unless somebody says so"


def test_the_kinds_differ():
    assert len({json.dumps([one.json() for one in model(kind).clauses]) for kind in Kind}) == len(Kind)
    assert {"delete", "log", "environment"} <= set(model("processing").rules)


def test_another_kind_is_refused_in_words():
    with pytest.raises(CatalogError, match="no model for `lease`"):
        model("lease")


@pytest.mark.asyncio
async def test_it_is_written_into_a_file_for_the_exchange(tmp_path):
    out = tmp_path / "processing.json"
    told = await commanded("template", "model", "processing", "-o", out)
    assert told.code == 0, told.err
    assert json.loads(out.read_text()) == model("processing").json()
    assert b"penstock exchange template add" in told.out
    shown = await commanded("template", "model", "brokerage")
    assert json.loads(shown.out) == model("brokerage").json()
    refused = await commanded("template", "model", "lease")
    assert refused.code != 0
    assert b"one of provision, processing, joint-development, brokerage" in refused.err
