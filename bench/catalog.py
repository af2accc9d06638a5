"""Finding among a million products, beside SQLite's own full-text index over the same words.

`python -m bench.catalog [--products 1000000] [--questions 400] [--large]`

The products are drawn: titles and descriptions of English and Chinese words, each word by Zipf's law, and every facet
as a catalogue has it; one in fifty is a service, which has fewer. Questions are one or two words, drawn evenly over the
logarithm of how frequent a word is (so rare and very common words both count), with two facets; English and Chinese
apart; half of them are of a member that is not shown everything (`catalog.spaces`). What is timed is what the exchange
does: read the question, ask the index, get the keys of the first 20 and how many there are. The peer is FTS5 with the
words segmented as ours and facets as words of their own; the row id stands for the key, and it counts, too.

With `--large` it is ten million products, and no peer, which would take an hour: those rows stand beside the others.
"""

from __future__ import annotations

import argparse
import bisect
import itertools
import math
import os
import random
import sqlite3
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bench import report
from bench.space import machine
from catalog.classes import APPLICATIONS, DIMENSIONS
from catalog.codes import FREQUENCIES, ORIGINS, TIERS
from catalog.facets import DATA_SERVICE, DATASET, FACETS, MEASURES
from catalog.index import BUILDING_HEAP_BYTES, Index
from catalog.question import TITLE_WEIGHT, Entry, Question, question
from catalog.spaces import MAIN, sight, sights
from catalog.words import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

VOCABULARY = 60_000
PROVIDERS = 2_000
PLACES = [
    "CN-11",
    "CN-12",
    "CN-31",
    "CN-32",
    "CN-33",
    "CN-35",
    "CN-37",
    "CN-42",
    "CN-43",
    "CN-44",
    "CN-50",
    "CN-51",
    "CN-61",
    "US",
    "DE",
    "FR",
    "SG",
]
# most is in the first space
SPACES = (*[MAIN] * 7, "health", "ports", "maps")
# a member of two spaces who is shown grades up to 3: so many of the questions are of such a one
SHOWN = tuple(sight(space, 3) for space in (MAIN, "ports"))
SHOWN_EVERY = 2
SERVICE_EVERY = 50
SERVICE_FACETS: tuple[str, ...] = (
    "topic",
    "industry",
    "application",
    "origin",
    "grade",
    "region",
    "space",
    "provider",
    "unit",
    "currency",
)
SERVICE_FACETS += ("source",)
TITLE_WORDS, BODY_WORDS = 5, 30
PAGE = 20
FOUND = "FROM products WHERE products MATCH ?"
PRODUCTS_PER_COMMIT = 100_000
MIB = 1024 * 1024
LANGUAGES = ("English", "Chinese")
TARGETS: dict[str, dict[str, float]] = {
    **{f"words and two facets, {language}, p50": {"at_most": 2.0} for language in LANGUAGES},
    **{f"words and two facets, {language}, p99": {"at_most": 10.0} for language in LANGUAGES},
    "counts of all facets, p99": {"at_most": 50.0},
    "index": {"at_most": 700.0},
    "build": {"at_most": 300.0},
}
LARGE, OF_LARGE = 10_000_000, "ten million products: "
LARGE_TARGETS = {f"{OF_LARGE}{language}, p99": {"at_most": 20.0} for language in LANGUAGES}


class Drawn:
    """Words of one language by Zipf's law: the n-th is 1/n as frequent as the first."""

    def __init__(self, rng: random.Random, spelled: Callable[[int], str]) -> None:
        self._rng = rng
        self.words = [spelled(rank) for rank in range(VOCABULARY)]
        self._weights = list(itertools.accumulate(1 / (rank + 1) for rank in range(VOCABULARY)))

    def text(self, count: int) -> list[str]:
        """Return so many words, as they come in a text."""
        most = self._weights[-1]
        return [self.words[bisect.bisect(self._weights, self._rng.random() * most)] for _ in range(count)]

    def asked(self) -> str:
        """Return a word evenly over the logarithm of its rank."""
        return self.words[min(VOCABULARY - 1, int(math.exp(self._rng.random() * math.log(VOCABULARY))) - 1)]


def english(rank: int) -> str:
    """Spell a word of letters, shorter the more frequent."""
    letters, rest = "", rank + 26
    while rest:
        rest, letter = divmod(rest, 26)
        letters += chr(ord("a") + letter)
    return letters


def chinese(rank: int) -> str:
    """Spell a word of two characters, of some 3,000 in use."""
    return chr(0x4E00 + rank % 2_999) + chr(0x4E00 + (rank * 7 + rank // 2_999 * 31) % 2_999)


def languages() -> tuple[Drawn, Drawn]:
    """Return English and Chinese, drawn anew and the same."""
    return Drawn(random.Random(1), english), Drawn(random.Random(2), chinese)


def products(count: int) -> Iterator[Entry]:
    """Yield the products, every other one in Chinese."""
    both = languages()
    rng = random.Random(7)
    tiers, frequencies = tuple(TIERS), tuple(FREQUENCIES)
    for at in range(count):
        drawn, gap = both[at % 2], " " if at % 2 == 0 else "、"
        title, body = gap.join(drawn.text(TITLE_WORDS)), gap.join(drawn.text(BODY_WORDS))
        place, grade, space = rng.choice(PLACES), min(5, 1 + int(rng.expovariate(1))), rng.choice(SPACES)
        facets = {
            "kind": (DATASET,),
            "space": (space,),
            "tier": (rng.choice(tiers),),
            "grade": (str(grade),),
            "frequency": (rng.choice(frequencies),),
            "region": (place, "CN") if place.startswith("CN") else (place,),
            "provider": (f"did:web:p{int(PROVIDERS * rng.random() ** 3)}.example",),
            "unit": (rng.choice(("byte", "row", "flat", "free")),),
            "currency": ("CNY",),
            "topic": DIMENSIONS["topic"].line(rng.choice(("A0100", "A0200", "B0300", "B0500", "C0200", "D0100"))),
            "industry": DIMENSIONS["industry"].line(f"{rng.randrange(1, 98):02}"),
            "application": (rng.choice(tuple(APPLICATIONS)),),
            "origin": (rng.choice(tuple(ORIGINS)),),
            "form": ("dataset",),
            "source": ("own",),
            "quality": (rng.choice(("A", "B", "C", "D")),),
        }
        assert facets.keys() == FACETS.keys(), "a facet is missing here"
        measures = {"rows": rng.randrange(1_000_000), "bytes": rng.randrange(1 << 32), "updated": 1_700_000_000 + at}
        assert measures.keys() == MEASURES.keys(), "a measure is missing here"
        if at % SERVICE_EVERY == 0:
            facets = {name: facets[name] for name in SERVICE_FACETS} | {"kind": (DATA_SERVICE,)}
            measures = {"updated": measures["updated"]}
        told = (*words(title) * TITLE_WEIGHT, *words(body))
        yield Entry(f"product-{at}", at + 1, told, facets, measures, sights(space, grade))


def ours(folder: Path, count: int) -> Index:
    """Build our index."""
    index, drawn = Index(folder), products(count)
    while batch := list(itertools.islice(drawn, PRODUCTS_PER_COMMIT)):
        index.put(batch, BUILDING_HEAP_BYTES)
    return index


def theirs(path: Path, count: int) -> sqlite3.Connection:
    """Build the peer's."""
    made = sqlite3.connect(path)
    made.execute("PRAGMA journal_mode=WAL")
    made.execute("CREATE VIRTUAL TABLE products USING fts5(words, content='', detail='full', tokenize='unicode61')")
    rows = ((entry.seq, _segmented(entry)) for entry in products(count))
    while batch := list(itertools.islice(rows, PRODUCTS_PER_COMMIT)):
        with made:
            made.executemany("INSERT INTO products (rowid, words) VALUES (?, ?)", batch)
    return made


def _segmented(entry: Entry) -> str:
    tokens = (_token(name, value) for name, values in entry.facets.items() for value in values)
    return " ".join((*entry.words, *tokens, *(_token("sight", one) for one in entry.sights)))


def _token(name: str, value: str) -> str:
    return "zz" + name + "".join(sign for sign in value if sign.isalnum())


def milliseconds(act: Callable[[Asked], object], asked: Sequence[Asked]) -> list[float]:
    """Return how long each question took, after a tenth of them to warm up."""
    for one in asked[: len(asked) // 10]:
        act(one)
    times = []
    for one in asked:
        begin = time.perf_counter()
        act(one)
        times.append(1000 * (time.perf_counter() - begin))
    return times


class Asked(NamedTuple):
    """A question as it is asked: words, conditions, and what who asks is shown (None: everything)."""

    text: str
    where: Sequence[str]
    sight: tuple[str, ...] | None

    def read(self) -> Question:
        """Read it, as the exchange does."""
        return replace(question(self.text, self.where), sight=self.sight)

    def match(self) -> str:
        """Say the same to FTS5."""
        told = [*words(self.text), *(_token(*condition.split("=")) for condition in self.where)]
        if self.sight is not None:
            told.append("(" + " OR ".join(_token("sight", one) for one in self.sight) + ")")
        return " AND ".join(told)


def questions(drawn: Drawn, count: int) -> list[Asked]:
    """Return questions of one or two words with two facets each."""
    rng = random.Random(11)
    made = []
    for at in range(count):
        text = " ".join(drawn.asked() for _ in range(1 + at % 2))
        where = [f"tier={rng.choice(tuple(TIERS))}", f"region={rng.choice(('CN', 'CN-44', 'US'))}"]
        made.append(Asked(text, where, SHOWN if at // 2 % SHOWN_EVERY else None))
    return made


def measure(count: int, asked: int, folder: Path) -> dict[str, tuple[float, str]]:
    """Build both, ask both the same; return the figures."""
    figures: dict[str, tuple[float, str]] = {}
    begin = time.perf_counter()
    index = ours(folder / "index", count)
    built = time.perf_counter()
    peer = theirs(folder / "fts.db", count)
    figures["build"] = (built - begin, "s with the drawing of the products")
    figures["build ÷ FTS5"] = ((built - begin) / (time.perf_counter() - built), "times")
    size = sum(path.stat().st_size for path in (folder / "index").iterdir())
    figures["index"] = (size / MIB, "MiB")
    figures["index ÷ FTS5"] = (size / (folder / "fts.db").stat().st_size, "times")

    def ask(one: Asked) -> object:
        return index.find(one.read(), limit=PAGE)

    def ask_peer(one: Asked) -> object:
        match = one.match()
        keys = peer.execute("SELECT rowid FROM products WHERE products MATCH ? ORDER BY rank LIMIT ?", (match, PAGE))
        return keys.fetchall(), peer.execute(
            "SELECT count(*) FROM products WHERE products MATCH ?", (match,)
        ).fetchone()

    for language, drawn in zip(LANGUAGES, languages(), strict=True):
        drawn_questions = questions(drawn, asked)
        for one in drawn_questions[:20]:
            assert index.find(one.read(), limit=1).total == ask_peer(one)[1][0]  # type: ignore[index]  # both find the same
        own, other = milliseconds(ask, drawn_questions), milliseconds(ask_peer, drawn_questions)
        for percent in (50, 99):
            value, peers = report.percentile(own, percent), report.percentile(other, percent)
            figures[f"words and two facets, {language}, p{percent}"] = (value, "ms")
            figures[f"words and two facets, {language}, p{percent} ÷ FTS5"] = (value / peers, "times")
    names = tuple(FACETS)
    some = [one for drawn in languages() for one in questions(drawn, asked // 4)]
    counted = milliseconds(lambda one: index.counts(one.read(), names), some)
    figures["counts of all facets, p50"] = (report.percentile(counted, 50), "ms")
    figures["counts of all facets, p99"] = (report.percentile(counted, 99), "ms")
    worst = milliseconds(lambda one: index.counts(one.read(), names), [Asked("", [], None)] * 10)
    figures["counts of all facets over every product, p50"] = (report.percentile(worst, 50), "ms")
    return figures


def large(count: int, asked: int, folder: Path) -> dict[str, tuple[float, str]]:
    """Build an index of so many and ask it; return the figures."""
    begin = time.perf_counter()
    index = ours(folder / "index", count)
    figures = {f"{OF_LARGE}build": (time.perf_counter() - begin, "s with the drawing of the products")}
    size = sum(path.stat().st_size for path in (folder / "index").iterdir())
    figures[f"{OF_LARGE}index"] = (size / MIB, "MiB")
    for language, drawn in zip(LANGUAGES, languages(), strict=True):
        times = milliseconds(lambda one: index.find(one.read(), limit=PAGE), questions(drawn, asked))
        for percent in (50, 99):
            figures[f"{OF_LARGE}{language}, p{percent}"] = (report.percentile(times, percent), "ms")
    figures[f"{OF_LARGE}memory"] = (report.memory_bytes(os.getpid()) / MIB, "MiB, the pages of the index among it")
    return figures


def main() -> None:
    """Measure, print, write bench/results/catalog.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.catalog")
    parser.add_argument("--products", type=int, default=1_000_000)
    parser.add_argument("--questions", type=int, default=400)
    parser.add_argument("--large", action="store_true", help="ten million, beside nobody")
    asked = parser.parse_args()
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        if asked.large:
            rows = report.rows(large(LARGE, asked.questions, Path(folder)), LARGE_TARGETS)
        else:
            rows = report.rows(measure(asked.products, asked.questions, Path(folder)), TARGETS)
    print(report.table(rows))
    stay = [row for row in report.read("catalog") if row.work.startswith(OF_LARGE) is not asked.large]
    print("written to", report.write("catalog", stay + rows if asked.large else rows + stay))


if __name__ == "__main__":
    main()
