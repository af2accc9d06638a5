"""What a person reads of a listed product on a terminal: what it holds, and what its provider says of it.

Law: the text is a stranger's: every line of it is printed as one line that can move nothing else (`catalog.printable`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LINE_CHARACTERS_MAX = 500
LICENCE_LINES_SHOWN = 3
TABLES_SHOWN = 20
COLUMNS_SHOWN = 50
SAMPLE_COLUMNS, CELL_CHARACTERS = 8, 24
SENTENCES_SHOWN = 20
# what terms stand under (`policy.words.headings`)
HEADINGS = {"may": "you may", "must": "you must", "mustNot": "you must not", "when": "when", "where": "where"}


def lines(
    dataset: Mapping[str, Any], words: Mapping[str, Any] | None = None, sample: Mapping[str, Any] | None = None
) -> list[str]:
    """Return what a dataset says of itself, in the order of its page; columns nobody described are left to `--json`.

    `words` are what our own server made of the listing (`connector.console.summary`), `sample` its first rows.
    """
    about, made = dataset.get("about", {}), words or {}
    told = [f"  {said}" for said in _titles(about)]
    told += [f"  {_line(' · '.join(made['facts']['en']))}"] if made.get("facts") else []
    told += [f"  {line}" for line in _description(dataset, about)]
    told += [f"  {line}" for line in (*_holds(dataset), *_packed(dataset), *_program(dataset))]
    told += [f"  {line}" for line in _sample(sample)] if sample else []
    told += [f"  {line}" for table in list(about.get("tables", {}).items())[:TABLES_SHOWN] for line in _table(*table)]
    told += [f"  {_end(one['from'])} is in {_end(one['to'])}" for one in about.get("relations", ())[:COLUMNS_SHOWN]]
    told += [f"  {line}" for line in _terms(made.get("terms", {}).get("en", {}))]
    if contact := about.get("contact"):
        told.append(f"  contact: {_line(', '.join(contact.values()))}")
    if licence := about.get("licence", "").splitlines():
        more = [] if len(licence) <= LICENCE_LINES_SHOWN else [f"    … ({len(licence)} lines, --json has them)"]
        told += [f"  licence: {_line(licence[0])}", *(f"    {_line(one)}" for one in licence[1:LICENCE_LINES_SHOWN])]
        told += more
    if citation := about.get("citation"):
        told.append(f"  cite as: {_line(citation)}")
    if dataset.get("keywords"):
        told.append(f"  keywords: {_line(', '.join(dataset['keywords']))}")
    return told


def _packed(dataset: Mapping[str, Any]) -> Iterator[str]:
    """Return how small files are delivered, where they are packed."""
    if packing := dataset.get("packing"):
        packs = "1 archive" if packing["packs"] == 1 else f"{packing['packs']:,} archives"
        yield f"{packing['files']:,} small files come in {packs} (.tar.xz), and are opened under their own names"


def _program(dataset: Mapping[str, Any]) -> Iterator[str]:
    """Return which program is sold, where one is: its digest, and what it needs, takes and tells."""
    if sold := dataset.get("application"):
        yield f"an application, {_line(sold['program'])}"
        yield f"  needs   {_line(', '.join(sold['needs']))}"
        if (asks := sold.get("asks")) is not None:
            yield f"  asks    {_line(', '.join(f'{name} ({kind})' for name, kind in asks)) or 'nothing'}"
        for name in ("takes", "tells"):
            if said := sold.get(name):
                yield f"  {name}   {_line(', '.join(':'.join(one) for one in said))}"


def _titles(about: Mapping[str, Any]) -> list[str]:
    """Return the title in the other languages than the first."""
    return [_line(said) for said in list(about.get("title", {}).values())[1:]]


def _description(dataset: Mapping[str, Any], about: Mapping[str, Any]) -> Iterator[str]:
    """Return the description's lines, in every language that it has, as it was written."""
    for said in about.get("description", {}).values() or (dataset.get("description", ""),):
        for line in said.strip().splitlines():
            yield _line(line)


def _holds(dataset: Mapping[str, Any]) -> Iterator[str]:
    """Return a line for each table with its number of rows; of what is no table nothing."""
    tables = [file for file in dataset.get("files", ()) if file.get("rows")]
    for file in tables[:TABLES_SHOWN]:
        yield f"{_line(file['path'])}: {file['rows']} rows, {len(file.get('columns', ()))} columns"
    if len(tables) > TABLES_SHOWN:
        yield f"… and {len(tables) - TABLES_SHOWN} tables more"


def _table(name: str, said: Mapping[str, Any]) -> Iterator[str]:
    title = f" ({_line(said['title'])})" if "title" in said else ""
    yield f"columns of {_line(name)}{title}:"
    for column, meant in list(said.get("columns", {}).items())[:COLUMNS_SHOWN]:
        words = " · ".join(_line(one) for one in meant.get("meaning", {}).values())
        unit = f" [{_line(meant['unit'])}]" if "unit" in meant else ""
        yield f"  {_line(column)}: {words}{unit}"


def _sample(sample: Mapping[str, Any]) -> Iterator[str]:
    """Return the first rows below the names of their columns, those of them that a terminal has room for."""
    names, rows = sample["columns"], sample["rows"]
    shown = [[_cut(one) for one in row[:SAMPLE_COLUMNS]] for row in [names, *rows]]
    widths = [max(len(row[at]) for row in shown) for at in range(len(shown[0]))]
    more = f", {len(names) - SAMPLE_COLUMNS} columns more" if len(names) > SAMPLE_COLUMNS else ""
    yield f"sample of {_line(sample['path'])}{more}:"
    for row in shown:
        yield "  " + "  ".join(one.ljust(width) for one, width in zip(row, widths, strict=True)).rstrip()


def _cut(text: str) -> str:
    told = _line(text)
    return told if len(told) <= CELL_CHARACTERS else told[: CELL_CHARACTERS - 1] + "…"


def _terms(terms: Mapping[str, list[str]]) -> Iterator[str]:
    """Return a policy's sentences under what they say."""
    for name, title in HEADINGS.items():
        said = terms.get(name, [])
        if said:
            yield f"{title}:"
            yield from (f"  {_line(one)}" for one in said[:SENTENCES_SHOWN])
        if len(said) > SENTENCES_SHOWN:
            yield f"  … ({len(said)} sentences, --json has them)"


def _end(end: Mapping[str, str]) -> str:
    return f"{_line(end['column'])} of {_line(end['table'])}"


def _line(text: str) -> str:
    from catalog.printable import printable  # noqa: PLC0415  # the help page starts fast

    return printable(text, LINE_CHARACTERS_MAX)
