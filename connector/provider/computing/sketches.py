"""Sketches of rows, made where they are and told with noise (decision 0199)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.compute.sketch import Sketch
from connector.compute.sketched import Sketched
from connector.provider.computing.statements import Statements
from connector.runtime.errors import InvalidInput

if TYPE_CHECKING:
    from connector.compute.waiting import Waiting
    from connector.provider.computing.asked import Asked, Ground
    from connector.provider.computing.forms import Process, Types
    from contracts.gate import Gate


class MadeSketches(Statements):
    """The sketches that are made."""

    async def process(self, _ground: Ground, gate: Gate, types: Types, asked: Asked, waiting: Waiting) -> Process:
        """Return what makes a sketch; raises InvalidInput where it has more buckets than its terms say."""
        assert isinstance(asked.about, Sketch), "it is a sketch"
        assert gate.sketch is not None, "it was looked at before"
        if asked.about.buckets > gate.sketch.buckets:
            raise InvalidInput(f"its terms tell sketches of at most {gate.sketch.buckets} buckets", "ask for fewer")
        return Sketched(asked.about, gate, types, waiting)
