"""The best of many are found among few, and are the same in the same order as where all are weighed."""

from __future__ import annotations

import json
import random

import pytest
import tantivy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog import best, index, weight
from catalog.index import Index
from catalog.question import Entry, Found, Question
from catalog.spaces import sights
from tests.fault.extent import tried

VOCABULARY = ["weather", "天气", "flights", "data", "rain", "tides", "of"]


def catalogue(folder, rng, count, longest):
    """Fill an index with products of very unequal lengths, in which few words are very frequent."""
    made = Index(folder)
    entries = [
        Entry(
            f"k{at}",
            at + 1,
            (*rng.choices(VOCABULARY, (8, 6, 4, 3, 2, 1, 1), k=rng.randint(1, 3)) * 3, *filler(rng, longest)),
            {"tier": (rng.choice(("kept", "plain")),), "region": rng.choice((("CN",), ("CN", "CN-44"), ("US",)))},
            {"updated": at},
            sights(rng.choice(("main", "ports", "health")), rng.randint(1, 5)),
        )
        for at in range(count)
    ]
    for begin in range(0, count, count // 3 + 1):
        made.put(entries[begin : begin + count // 3 + 1])
    return made


def filler(rng, longest):
    return rng.choices([*VOCABULARY, "filler"], (4, 3, 2, 2, 1, 1, 1, 9), k=rng.randint(0, longest))


def plain(made, question, limit, first):
    """Ask as one asks who meets and weighs everything."""
    searcher = made._index.searcher()
    result = searcher.search(made._query(question), limit, offset=first)
    return Found(tuple(searcher.doc(place).get_first("key") for _, place in result.hits), result.count)


def weighed(made, question):
    """Return what each product that is found weighs."""
    searcher = made._index.searcher()
    hits = searcher.search(made._query(question), 1_000).hits
    return {searcher.doc(place).get_first("key"): weight for weight, place in hits}


def eagerly(patch):
    """Have few weighed wherever that may be."""
    patch.setattr(index, "WEIGHED_MAX", -1)
    patch.setattr(index, "HALF_MAX", -1)
    patch.setattr(best, "ENOUGH", 1)
    patch.setattr(best, "SHARE_MAX", 1.0)


@settings(max_examples=tried(25), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.integers(0, 1 << 30),
    st.sampled_from((10, 60, 300)),
    st.lists(st.sampled_from(VOCABULARY), unique=True, min_size=1, max_size=3),
    st.sampled_from(({}, {"tier": ("kept",)}, {"region": ("CN",), "tier": ("kept", "plain")})),
    st.sampled_from((None, ("main:2", "ports:3"), ())),
    st.integers(1, 30),
    st.integers(0, 30),
)
def test_few_that_are_weighed_are_the_best(tmp_path_factory, seed, longest, words, facets, sight, limit, first):
    made = catalogue(tmp_path_factory.mktemp("index"), random.Random(seed), 200, longest)
    question = Question(tuple(words), facets, sight=sight)
    with pytest.MonkeyPatch.context() as patch:
        eagerly(patch)
        few = made.find(question, limit=limit, first=first)
    told, weights = plain(made, question, limit, first), weighed(made, question)
    assert few.total == told.total
    assert [weights[key] for key in few.keys] == pytest.approx([weights[key] for key in told.keys], rel=1e-6)
    if len(words) < 3:  # three weights are added up in any order, and rounded
        assert few == told


def test_few_are_weighed_where_many_are_found(tmp_path, monkeypatch):
    made = catalogue(tmp_path, random.Random(5), 3_000, 40)
    told = []
    real = best.best
    monkeypatch.setattr(index, "best", lambda *given: told.append(real(*given)) or told[-1])
    eagerly(monkeypatch)
    question = Question(("data",), {"tier": ("kept",)})
    assert made.find(question, limit=20) == plain(made, question, 20, 0)
    assert [len(hits) for hits in told] == [20]


@pytest.mark.parametrize("usual", [5.0, 40.0, 64.0, 300.0])
def test_what_reaches_no_step_weighs_no_more_than_is_said(usual):
    for step, least in enumerate(weight.STEPS):
        most = weight.most_below(step, usual)
        for length in [*range(1, 200, 3), 333, 1_000, 54_321]:
            for often in range(1, min(length, 400) + 1):
                if often / (often + weight._below(length, weight.USUAL_WORDS)) < least:
                    assert often / (often + weight._below(kept(length), usual)) <= most, (length, often)


def test_a_word_has_a_mark_for_each_step_that_it_reaches():
    assert set(weight.marks(["a"] * 12 + ["b"] * 3 + ["c"] * 30)) == {
        *(weight.mark("a", step) for step in range(4)),
        *(weight.mark("b", step) for step in range(1)),
        *(weight.mark("c", step) for step in range(5)),
    }


def kept(length):
    """The length that tantivy takes for one."""
    index_ = 1
    while weight._last(index_) < length:
        index_ = weight._last(index_) + 1
    return index_


def test_lengths_are_kept_as_tantivy_keeps_them(tmp_path):
    schema = tantivy.SchemaBuilder().add_text_field("words", tokenizer_name="whitespace", index_option="freq").build()
    made = tantivy.Index(schema, str(tmp_path))
    writer = made.writer(heap_size=15_000_000, num_threads=1)
    lengths = [1, 23, 24, 39, 40, 41, 45, 63, 100, 1_000, 54_321]
    for length in lengths:
        writer.add_document(tantivy.Document(words=" ".join(["a"] * length)))
    writer.commit()
    made.reload()
    searcher, term = made.searcher(), tantivy.Query.term_query(schema, "words", "a", "freq")
    told = set()
    for _, place in searcher.search(term, 100).hits:
        document = term.explain(searcher, place).to_json()
        told.add(int(best._said(json.loads(document), "dl")))
    assert told == {kept(length) for length in lengths}
