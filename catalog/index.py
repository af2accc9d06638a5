"""The index of the catalogue: a tantivy index in a folder, which may always be thrown away and made again.

Law: an index knows how far it is (`newest`), because every change of a product, its disappearance too, is an entry with
the next number. What was put together is there together, and stays so when the power goes.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import tantivy

from catalog.facets import FACETS, MEASURES
from catalog.question import Entry, Found

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from catalog.question import Question

# the least that one writer of tantivy takes; a whole catalogue is written sooner with more
HEAP_BYTES = 15_000_000
BUILDING_HEAP_BYTES = 120_000_000
# distinct values of a facet that an answer counts: the most frequent
COUNTED_VALUES_MAX = 32

_HERE = "here"
_SIGHT = "sight"
_ALL, _SOME = tantivy.Occur.Must, tantivy.Occur.Should


def _schema() -> tantivy.Schema:
    made = tantivy.SchemaBuilder()
    made.add_text_field("key", stored=True, tokenizer_name="raw", index_option="basic")
    made.add_unsigned_field("seq", fast=True)
    # of those that are to be found `here` has one term
    made.add_text_field(_HERE, tokenizer_name="raw", index_option="basic")
    made.add_text_field("words", tokenizer_name="whitespace", index_option="freq")
    made.add_text_field(_SIGHT, tokenizer_name="raw", index_option="basic")
    for name in FACETS:
        made.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    for name in MEASURES:
        made.add_unsigned_field(name, indexed=True, fast=True)
    return made.build()


class Index:
    """One index in `folder`; its methods run in any thread, `put` in one at a time, of one process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._schema = _schema()
        folder.mkdir(parents=True, exist_ok=True)
        try:
            self._index = tantivy.Index(self._schema, str(folder))
        except ValueError:  # of another program: other fields, another form
            shutil.rmtree(folder)
            folder.mkdir()
            self._index = tantivy.Index(self._schema, str(folder))

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
        writer = tantivy.Index(self._schema, str(self.folder)).writer(heap_size=heap_bytes, num_threads=1)
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
        order: dict[str, Any] = {} if question.words else {"order_by_field": "updated"}
        result = searcher.search(self._query(question), limit, offset=first, **order)
        total = int(result.count)  # type: ignore[attr-defined]  # there, and not declared
        return Found(tuple(_key(searcher, place) for _, place in result.hits), total)

    def counts(self, question: Question, names: Sequence[str]) -> dict[str, dict[str, int]]:
        """Return, for each named facet, how many of the products found have which value, most first."""
        asked = {name: {"terms": {"field": name, "size": COUNTED_VALUES_MAX}} for name in names}
        told = self._index.searcher().aggregate(self._query(question), asked)
        return {name: {row["key"]: int(row["doc_count"]) for row in told[name]["buckets"]} for name in names}

    def _query(self, question: Question) -> tantivy.Query:
        make, schema = tantivy.Query, self._schema
        parts = [make.term_query(schema, "words", word, "freq") for word in question.words]
        if question.any_word and parts:
            parts = [make.boolean_query([(_SOME, part) for part in parts])]
        parts = parts or [make.const_score_query(make.term_query(schema, _HERE, _HERE, "basic"), 0.0)]
        of_many = dict(question.facets) | ({} if question.sight is None else {_SIGHT: question.sight})
        for name, values in of_many.items():
            either = [(_SOME, make.term_query(schema, name, value, "basic")) for value in values]
            parts.append(make.const_score_query(make.boolean_query(either), 0.0))
        for name, (low, high) in question.ranges.items():
            within = make.range_query(schema, name, tantivy.FieldType.Unsigned, low, high)
            parts.append(make.const_score_query(within, 0.0))
        return make.boolean_query([(_ALL, part) for part in parts])


def _document(entry: Entry) -> tantivy.Document:
    document = tantivy.Document()
    document.add_text("key", entry.key)
    document.add_unsigned("seq", entry.seq)
    if entry.words:
        document.add_text(_HERE, _HERE)
        document.add_text("words", " ".join(entry.words))
        document.add_text(_SIGHT, entry.sight)
    for name, values in entry.facets.items():
        for value in values:
            document.add_text(name, value)
    for name, number in entry.measures.items():
        document.add_unsigned(name, number)
    return document


def _key(searcher: tantivy.Searcher, place: tantivy.DocAddress) -> str:
    return str(searcher.doc(place).get_first("key"))
