"""The card of a listed data set: what people ask before they use data, in the order in which they ask, as Markdown.

Law: it is made of the listing that its asker is shown, and says where nobody said anything. What a stranger wrote is
in a quotation, or on one line in which none of its marks count: no word of a provider's passes for a heading, a table
or a line of the card. What is long is cut at the limits below, and the rest is said to be more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.about import in_language
from catalog.classes import DIMENSIONS
from catalog.codes import FREQUENCIES, TIERS
from catalog.csvw import SILENT, UNSAID
from catalog.dataset import dataset_from_json
from catalog.errors import CatalogError
from catalog.hints import GRADE_OF_HINT, NOT_CHECKED
from catalog.quality import QUALITIES
from connector.console import describing
from connector.console.language import LANGUAGES, say, term
from connector.console.quotation import cells, line, quoted
from connector.runtime.errors import Absent
from contracts import attested, platforms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from catalog.about import About
    from catalog.dataset import Dataset
    from catalog.profile import Column, FileProfile

    View = Mapping[str, Any]

TABLES_SHOWN = 50
COLUMNS_SHOWN = 200  # of all tables together
NAMES_SHOWN = 50


def markdown(view: View, lang: str) -> str:
    """Return the card of a listing; raises Absent for a service, and for what was found elsewhere."""
    if "limits" in view or "service" in view:
        raise Absent(f"there is no card of `{str(view['id'])[:200]}`", "a card is of a data set that is listed here")
    try:
        dataset = dataset_from_json(view["dataset"])
    except CatalogError as fault:
        raise Absent(f"there is no card of it, for its description cannot be read: {fault}") from fault
    return "\n".join(_Card(view, dataset, lang).lines()) + "\n"


class _Card:
    """What its sections are made of."""

    def __init__(self, view: View, dataset: Dataset, lang: str) -> None:
        self._view, self._set, self._lang = view, dataset, lang
        self._about: About = dataset.about
        self._at = LANGUAGES.index(lang)

    def lines(self) -> Iterator[str]:
        """Yield the card's lines."""
        header = self._view["header"]
        yield f"# {line(in_language(self._about.title, self._lang) or self._set.title)}"
        yield ""
        state = term(self._lang, "state", self._view["state"])
        edition = self._say("edition", number=header["edition"], day=str(header["sealedAt"])[:10], state=state)
        yield f"*{edition}*"
        for name, section in (
            ("what", self._what), ("who", self._who), ("how", self._how), ("columns", self._columns),
            ("quality", self._quality), ("personal", self._personal), ("terms", self._terms),
            ("limits", self._limits), ("citation", self._citation),
        ):  # fmt: skip
            yield from ("", f"## {self._say(name)}", "")
            yield from section()

    def _say(self, key: str, **values: object) -> str:
        return say(self._lang, "card." + key, **values)

    def _row(self, key: str, value: str) -> str:
        return f"- **{self._say(key)}**: {value}"

    def _what(self) -> Iterator[str]:
        told = in_language(self._about.description, self._lang) or self._set.description
        yield from quoted(told) if told.strip() else [self._say("undescribed")]
        yield ""
        if self._set.keywords:
            yield self._row("keywords", ", ".join(map(line, self._set.keywords)))
        classes = [self._class(name, code) for name, code in self._set.classes.items() if name != "origin"]
        if classes:
            yield self._row("classes", ", ".join(classes))
        if self._set.region:
            yield self._row("region", line(self._set.region))
        frequency = FREQUENCIES[self._set.frequency]
        yield self._row("frequency", (frequency.en, frequency.zh)[self._at])
        sizes = {"files": len(self._set.files), "bytes": self._set.size, "rows": self._set.rows}
        yield self._row("size", self._say("sized", **sizes))

    def _class(self, name: str, code: str) -> str:
        words = DIMENSIONS[name].words(code) or (code, code)
        return line(words[self._at] if words[self._at] == code else f"{words[self._at]} ({code})")

    def _who(self) -> Iterator[str]:
        name, did = self._view.get("name"), str(self._view["provider"])
        yield f"- {line(name)} ({line(did)})" if name else f"- {line(did)}"
        told = ", ".join(line(one) for one in self._about.contact.values())
        yield self._row("contact", told) if told else "- " + self._say("uncontacted")

    def _how(self) -> Iterator[str]:
        origin, resource = self._set.classes.get("origin"), self._view.get("resource")
        if origin:
            yield self._row("origin", self._class("origin", origin))
        if resource:
            told = {name: line(resource[name]) for name in ("title", "owner", "steward")}
            yield self._row("resource", self._say("owned", **told))
        if not origin and not resource:
            yield self._say("unoriginal")

    def _columns(self) -> Iterator[str]:
        tables, left = [file for file in self._set.files if file.columns], COLUMNS_SHOWN
        if not tables:
            yield self._say("untabled")
        for file in tables[:TABLES_SHOWN]:
            said = self._about.tables.get(file.path, UNSAID)
            yield f"### {line(file.path)}" + (f": {line(said.title)}" if said.title else "")
            yield from ("", self._say("table", rows=file.rows, columns=len(file.columns)), "")
            if left:
                names = ("column", "kind", "meaning", "unit", "empty", "person")
                yield cells([self._say(one) for one in names])
                yield cells(["---"] * len(names))
                yield from (self._column(file, column) for column in file.columns[:left])
                yield ""
            if more := max(0, len(file.columns) - left):
                yield from (self._say("more", more=more), "")
            left = max(0, left - len(file.columns))
        if more := max(0, len(tables) - TABLES_SHOWN):
            yield from (self._say("more", more=more), "")
        for one in self._about.relations[:NAMES_SHOWN]:
            ends = {"source": ": ".join(one.source), "target": ": ".join(one.target)}
            yield "- " + self._say("refers", **{name: line(end) for name, end in ends.items()})

    def _column(self, file: FileProfile, column: Column) -> str:
        said = self._about.tables.get(file.path, UNSAID).columns.get(column.name, SILENT)
        meant = in_language(said.words, self._lang)
        hint = term(self._lang, "hint", column.hint) if column.hint else ""
        return cells([*map(line, (column.name, column.kind, meant, said.unit, str(column.nulls), hint))])

    def _quality(self) -> Iterator[str]:
        told = self._view["quality"]
        if not told.get("letter"):
            yield self._say("unmeasured")
            return
        yield from (self._say("letter", letter=line(told["letter"])), "")
        for quality in QUALITIES:
            if quality.key in told:
                share = f"{told[quality.key] / 100:.2f} %"
                yield f"- **{(quality.en, quality.zh)[self._at]}**: {share} ({quality.rule})"

    def _personal(self) -> Iterator[str]:
        grade = describing.graded(self._set.grade, str(self._view.get("least", "")))
        yield from (self._say("grade", grade=grade[self._lang]), "")
        named = [(file.path, column) for file in self._set.files for column in file.columns]
        hinted = [(path, one) for path, one in named if one.hint in GRADE_OF_HINT]
        unread = [(path, one) for path, one in named if one.hint == NOT_CHECKED]
        for key, found in (("hints", hinted), ("unchecked", unread)):
            if found:
                yield from (self._say(key), "")
                yield from (self._named(path, one) for path, one in found[:NAMES_SHOWN])
                if more := max(0, len(found) - NAMES_SHOWN):
                    yield "- " + self._say("more", more=more)
                yield ""
        if not hinted:
            yield self._say("unhinted")

    def _named(self, path: str, column: Column) -> str:
        return f"- {line(path)}: {line(column.name)} ({line(term(self._lang, 'hint', column.hint))})"

    def _terms(self) -> Iterator[str]:
        tier = TIERS[self._view["tier"]]
        yield self._row("price", line(describing.prices(self._view)[self._lang]))
        yield self._row("tier", (tier.en, tier.zh)[self._at])
        if platform := attested.named(self._view["offer"].get("terms") or {}):
            yield self._row("attested", platforms.words(platform, self._lang))
        rules = describing.rules(self._view["offer"]["policy"], self._view["id"])[self._lang]
        yield from (f"- {line(rule)}" for rule in rules)
        if self._about.licence:
            yield from ("", f"**{self._say('licence')}**", "")
            yield from quoted(self._about.licence)

    def _limits(self) -> Iterator[str]:
        drawn = len((self._view.get("review") or {}).get("rows", ()))
        yield "- " + (self._say("reviewed", drawn=drawn) if drawn else self._say("unreviewed"))
        yield "- " + self._say("measured")
        noted = [file for file in self._set.files if file.note]
        yield from (
            "- " + self._say("unread", file=line(file.path), why=line(file.note)) for file in noted[:NAMES_SHOWN]
        )
        if more := max(0, len(noted) - NAMES_SHOWN):
            yield "- " + self._say("more", more=more)

    def _citation(self) -> Iterator[str]:
        yield from quoted(self._about.citation) if self._about.citation else [self._say("uncited")]
