"""A small table, its gate, and statements answered by a real process, each held against those before."""

from __future__ import annotations

import csv
import io
import json
import random

from connector.compute.computation import Computation
from contracts.gate import Gate
from ledger.edition.index import IndexedFile

COLUMNS = {"firm": "VARCHAR", "district": "VARCHAR", "sector": "VARCHAR", "year": "BIGINT", "revenue": "DOUBLE"}
GATE = Gate(("district", "sector", "year", "revenue"), "firm")


def firms(rows=3_000, subjects=600, seed=3):
    """Return a table of `rows` about so many firms as CSV; one alone is in Z, and one has most of the food of A."""
    drawn, text = random.Random(seed), io.StringIO()
    out = csv.writer(text)
    out.writerow(COLUMNS)
    for at in range(rows):
        firm = at % subjects
        district = "Z" if firm == subjects - 1 else "ABCD"[firm % 4]
        revenue = round(drawn.uniform(10, 1_000), 2) * (50_000 if firm == 0 else 1)
        out.writerow([f"F{firm}", district, "steel" if firm % 2 else "food", 2_020 + at // subjects, revenue])
    return text.getvalue().encode()


class Room:
    """A provider's room over one table: what it told before is remembered, as the connector does it."""

    def __init__(self, table=None, gate=GATE, columns=COLUMNS):
        self.table, self.gate, self.columns, self.kept = (
            table or firms(),
            gate,
            dict.fromkeys(("firms", "firms.csv"), columns),
            [],
        )

    def ask(self, statement, seconds=30):
        file = IndexedFile("firms.csv", 0, len(self.table), 0, 1)
        with Computation(statement, self.gate, self.columns, seconds) as computation:
            foreseen = computation.foresee()
            kept = json.dumps(self.kept).encode()
            found = computation.compute(foreseen.table, file, [(0, self.table)], kept)
        if found.rows:
            self.kept.append(found.memory)
        return found
