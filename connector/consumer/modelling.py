"""A model of what several providers have, from one question of totals: no row, and no provider's numbers, are seen.

Law: (1) a model is one question (`connector.consumer.jointly`): it costs what a question costs, and under the same id
is made again of the same totals. (2) A list of one's own, by which it is judged, stays at home.
"""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.compute import regression
from connector.consumer import own_list
from connector.runtime.errors import InvalidInput
from contracts import gate as gates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.compute.regression import Model
    from connector.consumer.jointly import AskingJointly
    from connector.consumer.querying import Querying
    from contracts.canonical import JsonObject


class Modelling:
    """The models that one buyer makes of what several have."""

    def __init__(self, querying: Querying, asking_jointly: AskingJointly) -> None:
        self._querying, self._asking = querying, asking_jointly

    async def ask(
        self,
        what: Sequence[str],
        table: str,
        label: str,
        features: Sequence[str],
        file: str | None = None,
        epsilon: str | None = None,
        purpose: str | None = None,
        said: Any = None,
        job: str | None = None,
    ) -> JsonObject:
        """Return a line that says what a label is by its features, and how it ranks the rows of a file, if one is said.

        `epsilon` is how much each provider's answer may tell, where their terms leave it to us. Raises InvalidInput,
        Absent, and what `AskingJointly.ask` raises.
        """
        statement = regression.statement(table, label, features)
        scales = await self._scales(what, [label, *features])
        own = None if file is None else await asyncio.to_thread(_listed, file, label, features)
        told = await self._asking.ask(what, statement, None, epsilon, purpose, said, job or uuid.uuid4().hex)
        [row], [off] = told["rows"], told["margins"]
        totals, margins = dict(zip(told["columns"], row, strict=True)), dict(zip(told["columns"], off, strict=True))
        model = regression.fitted(totals, margins, label, features, scales)
        return {
            "id": told["id"],
            "label": label,
            "intercept": model.intercept,
            "features": [
                {"name": name, "weight": weight, "most": weight * scales[name]}
                for name, weight in model.weights.items()
            ],
            "rows": model.rows,
            "own": None if own is None else len(own),
            "ranked": None if own is None else _ranked(model, own),
            **{name: told[name] for name in ("members", "missing", "receipts")},
        }

    async def _scales(self, what: Sequence[str], columns: Sequence[str]) -> dict[str, int]:
        """Return the greatest bound of each column, by the terms; raises InvalidInput before anything is asked."""
        found: dict[str, int] = {}
        for one in what:
            row = await self._querying.meant(one)
            noise = gates.read(row.signed_terms["gate"]).noise
            bounds = {} if noise is None else {name: max(abs(least), abs(most)) for name, least, most in noise.bounds}
            if odd := next((name for name in columns if name not in bounds), None):
                raise InvalidInput(f"the terms of `{one[:60]}` have no bounds of `{odd[:60]}`", "a model needs them")
            found |= {name: max(found.get(name, 0), bounds[name]) for name in columns}
        return found


def _listed(file: str, label: str, features: Sequence[str]) -> list[tuple[bool, Mapping[str, float]]]:
    """Return the rows of one's own that have all of it (blocking); raises InvalidInput, Absent."""
    columns = own_list.numbers(Path(file), [label, *features])
    rows = [dict(zip(columns, of, strict=True)) for of in zip(*columns.values(), strict=True)]
    whole = [row for row in rows if None not in row.values()]
    found: list[tuple[bool, Mapping[str, float]]] = [
        (row[label] > 0, {name: row[name] for name in features}) for row in whole
    ]
    if len({one for one, _ in found}) < 2:
        raise InvalidInput(f"`{Path(file).name}` has no rows with `{label}`, or none without", "judge it by both")
    return found


def _ranked(model: Model, own: Sequence[tuple[bool, Mapping[str, float]]]) -> float | None:
    return regression.ranked([model.score(features) for _, features in own], [one for one, _ in own])
