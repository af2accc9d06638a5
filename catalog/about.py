"""What a provider says about a dataset in its own words: in two languages, with licence, contact and meanings.

    {title, description: {en, zh}, licence, contact: {name, email, url}, citation,
     tables: {FILE: {title, columns: {COLUMN: {meaning: {en, zh}, unit}}}},
     relations: [{from: {table, column}, to: {table, column}}]}

Law: every member may be left out, and what is not said is not there. Each text has a limit of its own, named here; none
holds a control or a mark of direction, for strangers read them. `und` is the language of words that do not tell theirs
(BCP 47). What the files hold is measured (`catalog.profile`) and never said here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from catalog.document import items, members, text
from catalog.errors import CatalogError
from catalog.printable import is_line, is_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    Words = Mapping[str, str]

LANGUAGES = ("en", "zh")
UNDETERMINED = "und"
TITLE_CHARACTERS_MAX = 256
DESCRIPTION_CHARACTERS_MAX = 10_000
LICENCE_CHARACTERS_MAX = 50_000  # the longest licences in use have some forty thousand
CITATION_CHARACTERS_MAX = 2_000
CONTACT_CHARACTERS_MAX = 256
MEANING_CHARACTERS_MAX = 500
UNIT_CHARACTERS_MAX = 64
NAME_CHARACTERS_MAX = 512  # of a file and of a column, as `catalog.profile` has it
TABLES_MAX = 1_000
COLUMNS_MAX = 4_096  # of all tables together: more than that does not fit into what is handed in at once
RELATIONS_MAX = 256
CONTACT = ("name", "email", "url")
WEB = ("https://", "http://")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a column means, by language, and the unit of its numbers; either may be empty."""

    words: Words
    unit: str = ""


@dataclass(frozen=True, slots=True)
class TableWords:
    """What is said of one table, by the name of its file in the dataset."""

    title: str = ""
    columns: Mapping[str, Meaning] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Relation:
    """Each value of a column is one of another table's column: table and column, of both."""

    source: tuple[str, str]
    target: tuple[str, str]


@dataclass(frozen=True, slots=True)
class About:
    """All that is said; one of which nothing is said is false."""

    title: Words = field(default_factory=dict)
    description: Words = field(default_factory=dict)
    licence: str = ""
    contact: Mapping[str, str] = field(default_factory=dict)
    citation: str = ""
    tables: Mapping[str, TableWords] = field(default_factory=dict)
    relations: tuple[Relation, ...] = ()

    def __bool__(self) -> bool:
        return self != NOTHING

    @property
    def named(self) -> dict[tuple[str, str], str]:
        """Return (table, column) → where it is named, of every column that is said to be there."""
        found = {(table, column): f"tables/{table}" for table, said in self.tables.items() for column in said.columns}
        ends = ((end, f"relations/{at}") for at, one in enumerate(self.relations) for end in (one.source, one.target))
        return found | dict(ends)

    @property
    def searchable(self) -> str:
        """Return the words that a search looks through besides the dataset's own."""
        columns = [column for said in self.tables.values() for column in said.columns.values()]
        meanings = (one for column in columns for one in column.words.values())
        titles = (said.title for said in self.tables.values())
        return "\n".join(filter(None, (*self.title.values(), *self.description.values(), *titles, *meanings)))


def about_json(about: About) -> dict[str, object]:
    """Return the JSON form; what is not said is left out."""
    told: dict[str, object] = {
        "title": dict(about.title),
        "description": dict(about.description),
        "licence": about.licence,
        "contact": dict(about.contact),
        "citation": about.citation,
        "tables": {name: _table_json(said) for name, said in about.tables.items()},
        "relations": [{"from": _end_json(one.source), "to": _end_json(one.target)} for one in about.relations],
    }
    return {name: value for name, value in told.items() if value}


def about_from_json(document: object, path: str = "about") -> About:
    """Read the JSON form strictly; raises CatalogError with the path of what is unknown, too long or no such text."""
    facts = members(document, path or "about", allowed=frozenset(_READ))
    below = f"{path}/" if path else ""
    return About(**{name: read(facts[name], below + name) for name, read in _READ.items() if name in facts})


def words(value: object, path: str, *, limit: int, line: bool) -> dict[str, str]:
    """Return words by language; a text alone tells none, and nothing empty is kept."""
    told = {UNDETERMINED: value} if isinstance(value, str) else value
    facts = members(told, path, allowed=frozenset((*LANGUAGES, UNDETERMINED)))
    read = {lang: _text(one, f"{path}/{lang}", limit=limit, line=line) for lang, one in facts.items()}
    return {lang: one for lang, one in read.items() if one.strip()}


def in_language(told: Words, lang: str) -> str:
    """Return words in a language, or in the one that there is."""
    order = (lang, UNDETERMINED, *LANGUAGES)
    return next((told[one] for one in order if one in told), "")


def _text(value: object, path: str, *, limit: int, line: bool = True) -> str:
    told = text(value, path, limit=limit)
    if not (is_line(told) if line else is_text(told)):
        one = "one line of text" if line else "text"
        raise CatalogError(f"`{path}` is not {one} without controls and marks of direction", path=path)
    return told


def _titles(value: object, path: str) -> dict[str, str]:
    return words(value, path, limit=TITLE_CHARACTERS_MAX, line=True)


def _descriptions(value: object, path: str) -> dict[str, str]:
    return words(value, path, limit=DESCRIPTION_CHARACTERS_MAX, line=False)


def _licence(value: object, path: str) -> str:
    return _text(value, path, limit=LICENCE_CHARACTERS_MAX, line=False)


def _citation(value: object, path: str) -> str:
    return _text(value, path, limit=CITATION_CHARACTERS_MAX, line=False)


def _contact(value: object, path: str) -> dict[str, str]:
    facts = members(value, path, allowed=frozenset(CONTACT))
    named = [name for name in CONTACT if name in facts]
    told = {name: _text(facts[name], f"{path}/{name}", limit=CONTACT_CHARACTERS_MAX) for name in named}
    email, url = told.get("email", ""), told.get("url", "")
    before, _, after = email.partition("@")
    if email and (not before or not after or " " in email):
        raise CatalogError(f"`{email}` is no address of mail", path=f"{path}/email", hint="such as data@example.org")
    if url and not url.startswith(WEB):
        raise CatalogError(f"`{url}` is no address of a page", path=f"{path}/url", hint="it begins with https://")
    return {name: one for name, one in told.items() if one}


def _tables(value: object, path: str) -> dict[str, TableWords]:
    facts = members(value, path)
    _few(facts, path, TABLES_MAX)
    read = {_name(name, path): _table(one, f"{path}/{name}") for name, one in facts.items()}
    _few([column for said in read.values() for column in said.columns], path, COLUMNS_MAX)
    return read


def _table(value: object, path: str) -> TableWords:
    facts = members(value, path, allowed=frozenset({"title", "columns"}))
    columns = members(facts.get("columns", {}), f"{path}/columns")
    _few(columns, f"{path}/columns", COLUMNS_MAX)
    return TableWords(
        _text(facts.get("title", ""), f"{path}/title", limit=TITLE_CHARACTERS_MAX),
        {_name(name, f"{path}/columns"): _meaning(one, f"{path}/columns/{name}") for name, one in columns.items()},
    )


def _meaning(value: object, path: str) -> Meaning:
    facts = members(value, path, allowed=frozenset({"meaning", "unit"}))
    told = words(facts.get("meaning", {}), f"{path}/meaning", limit=MEANING_CHARACTERS_MAX, line=True)
    return Meaning(told, _text(facts.get("unit", ""), f"{path}/unit", limit=UNIT_CHARACTERS_MAX))


def _relations(value: object, path: str) -> tuple[Relation, ...]:
    read = []
    for at, one in enumerate(items(value, path, limit=RELATIONS_MAX)):
        facts = members(one, f"{path}/{at}", required={"from", "to"}, allowed=frozenset({"from", "to"}))
        read.append(Relation(_end(facts["from"], f"{path}/{at}/from"), _end(facts["to"], f"{path}/{at}/to")))
    return tuple(read)


def _end(value: object, path: str) -> tuple[str, str]:
    keys = frozenset({"table", "column"})
    facts = members(value, path, required=keys, allowed=keys)
    table, column = (_text(facts[name], f"{path}/{name}", limit=NAME_CHARACTERS_MAX) for name in ("table", "column"))
    return table, column


def _name(value: object, path: str) -> str:
    return _text(value, path, limit=NAME_CHARACTERS_MAX)


def _few(found: Iterable[object], path: str, limit: int) -> None:
    if (count := sum(1 for _ in found)) > limit:
        raise CatalogError(f"`{path}` has {count} items, the limit is {limit}", path=path)


def _table_json(said: TableWords) -> dict[str, object]:
    columns = {name: _meaning_json(one) for name, one in said.columns.items()}
    return {name: value for name, value in (("title", said.title), ("columns", columns)) if value}


def _meaning_json(said: Meaning) -> dict[str, object]:
    return {name: value for name, value in (("meaning", dict(said.words)), ("unit", said.unit)) if value}


def _end_json(end: tuple[str, str]) -> dict[str, str]:
    return dict(zip(("table", "column"), end, strict=True))


_READ: Mapping[str, Callable[[object, str], Any]] = {
    "title": _titles,
    "description": _descriptions,
    "licence": _licence,
    "contact": _contact,
    "citation": _citation,
    "tables": _tables,
    "relations": _relations,
}
NOTHING = About()
