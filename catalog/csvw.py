"""A table's columns as CSV on the Web has them: name, kind, meaning by language, unit, and whose values they are.

Law: what was measured says which columns there are, and in which order; what the provider says is added to them. A unit
has no term there: it is schema.org's `unitText`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.about import Meaning, TableWords

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from catalog.about import About
    from catalog.profile import FileProfile

CSVW = "http://www.w3.org/ns/csvw#"
UNIT = "http://schema.org/unitText"
# kind of a column (`catalog.profile`) → built-in datatype of CSV on the Web; what is not here has none
DATATYPES: Mapping[str, str] = {
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
    "time": "dateTime",
    "local-time": "dateTime",
    "text": "string",
    "binary": "binary",
}
SILENT, UNSAID = Meaning({}), TableWords()


def schema(about: About, file: FileProfile, tagged: Callable[[Mapping[str, str]], Any]) -> dict[str, Any]:
    """Return the members of a distribution that say what its table is, none where nobody said anything about it."""
    said = about.tables.get(file.path, UNSAID)
    foreign = [one for one in about.relations if one.source[0] == file.path]
    if said == UNSAID and not foreign:
        return {}
    columns = [_column(one.name, one.kind, said.columns.get(one.name, SILENT), tagged) for one in file.columns]
    told: dict[str, Any] = {"@type": "csvw:Schema", "csvw:column": columns}
    if foreign:
        told["csvw:foreignKey"] = [_foreign(one.source[1], *one.target) for one in foreign]
    title = {"csvw:title": said.title} if said.title else {}
    return {**title, "csvw:tableSchema": told}


def _column(name: str, kind: str, said: Meaning, tagged: Callable[[Mapping[str, str]], Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"@type": "csvw:Column", "csvw:name": name}
    if kind in DATATYPES:
        told["csvw:datatype"] = DATATYPES[kind]
    if said.words:
        told["dct:description"] = tagged(said.words)
    if said.unit:
        told[UNIT] = said.unit
    return told


def _foreign(column: str, table: str, of: str) -> dict[str, Any]:
    reference = {"csvw:resource": table, "csvw:columnReference": of}
    return {"@type": "csvw:ForeignKey", "csvw:columnReference": column, "csvw:reference": reference}
