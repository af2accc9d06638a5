"""The index of the catalogue: a tantivy index in a folder, which may always be thrown away and made again.

Law: an index knows how far it is (`newest`), because every change of a product, its disappearance too, is an entry with
the next number. What was put together is there together, and stays so when the power goes.
"""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING
from zlib import crc32

import tantivy

from catalog.best import best
from catalog.facets import FACETS, MEASURES
from catalog.question import Entry, Found
from catalog.weight import marks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from catalog.best import Hits
    from catalog.question import Question

# the least that one writer of tantivy takes; a whole catalogue is written sooner with more
HEAP_BYTES = 15_000_000
BUILDING_HEAP_BYTES = 120_000_000
# distinct values of a facet that an answer counts: the most frequent
COUNTED_VALUES_MAX = 32
# where more products are to be expected, they are counted without being weighed, and few of them are weighed
WEIGHED_MAX = 20_000
# so many spaces are asked one after the other, more of them together
SPACES_MAX = 4
# where more are to be expected, they are counted by two processors
HALF_MAX = 100_000
HALVES = ("0", "1")

_HERE = "here"
_SIGHT = "sight"
_SHELF = "shelf"
_MARKS = "marks"
_HALF = "half"
_ALL, _SOME = tantivy.Occur.Must, tantivy.Occur.Should


def _schema() -> tantivy.Schema:
    made = tantivy.SchemaBuilder()
    made.add_text_field("key", stored=True, tokenizer_name="raw", index_option="basic")
    made.add_unsigned_field("seq", fast=True)
    # of those that are to be found `here` has one term
    made.add_text_field(_HERE, tokenizer_name="raw", index_option="basic")
    made.add_text_field("words", tokenizer_name="whitespace", index_option="freq")
    made.add_text_field(_HALF, tokenizer_name="raw", index_option="basic")
    made.add_text_field(_MARKS, tokenizer_name="raw", index_option="basic")
    made.add_text_field(_SIGHT, tokenizer_name="raw", index_option="basic")
    for name in FACETS:
        made.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    for name in MEASURES:
        made.add_unsigned_field(name, indexed=True, fast=True)
    made.add_bytes_field(_SHELF, fast=True)
    return made.build()


class Index:
    """One index in `folder`; its methods run in any thread, `put` in one at a time, of one process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._schema = _schema()
        folder.mkdir(parents=True, exist_ok=True)
        try:
            self._index = self._opened()
        except ValueError:  # of another program: other fields, another form
            shutil.rmtree(folder)
            folder.mkdir()
            self._index = self._opened()

    def newest(self) -> tuple[str, int] | None:
        """Return key and number of the newest entry, None if there is none."""
        searcher = self._index.searcher()
        hits = searcher.search(tantivy.Query.all_query(), 1, count=False, order_by_field="seq").hits
        if not hits:
            return None
        seq, place = hits[0]
        return _key(searcher, place), int(seq)

    def put(self, entries: Iterable[Entry], heap_bytes: int = HEAP_BYTES) -> None:
        """Add entries, each in the place of the one with its key, and make them findable together."""
        # opened anew: another process may have put something, and what it wrote is to be tidied up, too
        writer = self._opened().writer(heap_size=heap_bytes, num_threads=1)
        for entry in entries:
            writer.delete_documents_by_term("key", entry.key)
            writer.add_document(_document(entry))
        writer.commit()
        writer.wait_merging_threads()
        self.reload()

    def reload(self) -> None:
        """Find from now on what was put last, by whomever."""
        self._index.reload()

    def find(self, question: Question, *, limit: int, first: int = 0) -> Found:
        """Return `limit` hits from the `first` on: by weight of the words, without words the newest first."""
        searcher = self._index.searcher()
        if question.words:
            parts = [self._found(searcher, one, first + limit) for one in _by_space(question)]
            hits = sorted(chain.from_iterable(hits for hits, _ in parts), key=_place)[first : first + limit]
            total = sum(count for _, count in parts)
        else:
            result = searcher.search(self._query(question), limit, offset=first, order_by_field="updated")
            hits, total = result.hits, _count(result)
        return Found(tuple(_key(searcher, place) for _, place in hits), total)

    def counts(self, question: Question, names: Sequence[str]) -> dict[str, dict[str, int]]:
        """Return, for each named facet, how many of the products found have which value, most first."""
        asked = {name: {"terms": {"field": name, "size": COUNTED_VALUES_MAX}} for name in names}
        told = self._index.searcher().aggregate(self._query(question), asked)
        return {name: {row["key"]: int(row["doc_count"]) for row in told[name]["buckets"]} for name in names}

    def _opened(self) -> tantivy.Index:
        return tantivy.Index(self._schema, str(self.folder), sort_by_field=_SHELF)

    def _found(self, searcher: tantivy.Searcher, question: Question, need: int) -> tuple[Hits, int]:
        """Return the best hits and how many there are in all: of many, few are weighed, and none to count them."""
        query, expected = self._query(question), self._expected(searcher, question)
        if expected > WEIGHED_MAX:
            terms = {word: self._term(word) for word in question.words}
            hits = best(searcher, terms, partial(self._marked, question), expected, need)
            if hits is not None:
                return hits, self._total(searcher, question, expected)
        result = searcher.search(query, need)
        return result.hits, _count(result)

    def _total(self, searcher: tantivy.Searcher, question: Question, expected: float) -> int:
        """Count what is found; where that is much, each half by a thread, which lets others run meanwhile."""
        if expected <= HALF_MAX:
            return _counted(searcher, self._query(question))
        halves = [self._all([*self._parts(question), self._either(_HALF, (half,))]) for half in HALVES]
        with ThreadPoolExecutor(len(halves)) as pool:
            return sum(pool.map(partial(_counted, searcher), halves))

    def _expected(self, searcher: tantivy.Searcher, question: Question) -> float:
        """Return how many products have all words, were words and conditions spread evenly; 0 where one is enough."""
        if question.any_word:
            return 0
        expected: float = min(searcher.doc_freq("words", word) for word in question.words)
        there = max(1, searcher.doc_freq(_HERE, _HERE))
        for name, values in _conditions(question).items():
            expected *= min(1, sum(searcher.doc_freq(name, value) for value in values) / there)
        return expected

    def _marked(self, question: Question, marks: Sequence[str]) -> tantivy.Query:
        return self._all([*self._parts(question), self._either(_MARKS, marks)])

    def _term(self, word: str) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, "words", word, "freq")

    def _query(self, question: Question) -> tantivy.Query:
        return self._all(self._parts(question))

    def _all(self, parts: Sequence[tantivy.Query]) -> tantivy.Query:
        return tantivy.Query.boolean_query([(_ALL, part) for part in parts])

    def _either(self, name: str, values: Sequence[str]) -> tantivy.Query:
        make = tantivy.Query
        either = [(_SOME, make.term_query(self._schema, name, value, "basic")) for value in values]
        return make.const_score_query(make.boolean_query(either), 0.0)

    def _parts(self, question: Question) -> list[tantivy.Query]:
        make, schema = tantivy.Query, self._schema
        parts = [self._term(word) for word in question.words]
        if question.any_word and parts:
            parts = [make.boolean_query([(_SOME, part) for part in parts])]
        parts = parts or [make.const_score_query(make.term_query(schema, _HERE, _HERE, "basic"), 0.0)]
        parts += [self._either(name, values) for name, values in _conditions(question).items()]
        for name, (low, high) in question.ranges.items():
            within = make.range_query(schema, name, tantivy.FieldType.Unsigned, low, high)
            parts.append(make.const_score_query(within, 0.0))
        return parts


def _by_space(question: Question) -> Sequence[Question]:
    """Return the questions that ask the same of one space each; a product is in one, and meeting few lists is quick."""
    if question.sight is None or len(question.sight) > SPACES_MAX:
        return (question,)
    return tuple(replace(question, sight=(one,)) for one in question.sight)


def _conditions(question: Question) -> Mapping[str, tuple[str, ...]]:
    """Return the fields of which a product has one of some values."""
    return dict(question.facets) | ({} if question.sight is None else {_SIGHT: question.sight})


def _document(entry: Entry) -> tantivy.Document:
    document = tantivy.Document()
    document.add_text("key", entry.key)
    document.add_unsigned("seq", entry.seq)
    if entry.words:
        document.add_text(_HERE, _HERE)
        document.add_text("words", " ".join(entry.words))
        document.add_text(_HALF, _half(entry))
        for one in marks(entry.words):
            document.add_text(_MARKS, one)
        for one in entry.sights:
            document.add_text(_SIGHT, one)
    for name, values in entry.facets.items():
        for value in values:
            document.add_text(name, value)
    for name, number in entry.measures.items():
        document.add_unsigned(name, number)
    document.add_bytes(_SHELF, _shelf(entry))
    return document


def _half(entry: Entry) -> str:
    return HALVES[crc32(entry.key.encode()) % len(HALVES)]


def _shelf(entry: Entry) -> bytes:
    """Return where a product lies: beside those of its half, its space and grade, its tiers, its region's line."""
    own, tiers = entry.sights[:1], sorted(entry.facets.get("tier", ()))
    places = sorted(entry.facets.get("region", ()), key=lambda place: (len(place), place))
    return "\n".join((_half(entry), *own, " ".join(tiers), *places)).encode()


def _place(hit: tuple[float, tantivy.DocAddress]) -> tuple[float, int, int]:
    weight, place = hit
    return -weight, place.segment_ord, place.doc


def _counted(searcher: tantivy.Searcher, query: tantivy.Query) -> int:
    return int(searcher.aggregate(query, {"all": {"value_count": {"field": "seq"}}})["all"]["value"])


def _count(result: tantivy.SearchResult) -> int:
    return int(result.count)  # type: ignore[attr-defined]  # there, and not declared


def _key(searcher: tantivy.Searcher, place: tantivy.DocAddress) -> str:
    return str(searcher.doc(place).get_first("key"))
