"""The table of docs/catalogue.md: what products are narrowed by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.facets import FACETS, MEASURES
from catalog.quality import LETTERS, QUALITIES
from docs.generate.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterable

SHOWN_VALUES = 10


def narrowed() -> str:
    """Return every facet with its values, if they are codes, and every measure with its unit."""
    facets = [(f"`{facet.key}=…`", f"{facet.en} · {facet.zh}", _values(facet.codes)) for facet in FACETS.values()]
    return table(("condition", "is", "values"), [*facets, *_measures()])


def measured() -> str:
    """Return the six qualities with their rules, and what each letter asks."""
    least = ", ".join(f"{name} from {bps / 100:g} %" for name, bps in LETTERS.items())
    rows = [(f"{one.en} · {one.zh}", one.rule) for one in QUALITIES]
    return table(("quality", "rule"), [*rows, ("letter", f"that of the worst measured: {least}")])


def _measures() -> list[tuple[str, str, str]]:
    ends = "whole numbers, either may be left out"
    return [(f"`{measure.key}=FROM..TO`", measure.unit, ends) for measure in MEASURES.values()]


def _values(codes: Iterable[str]) -> str:
    values = [f"`{value}`" for value in codes]
    return " ".join(values[:SHOWN_VALUES]) + (" …" if len(values) > SHOWN_VALUES else "") or "as they come"
