"""Programs of buyers, each run on blocks of rows and told with noise (decision 0196)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.compute.program import Program
from connector.compute.programmed import Programmed
from connector.provider.computing.statements import Statements

if TYPE_CHECKING:
    from connector.compute.waiting import Waiting
    from connector.provider.computing.asked import Asked, Ground
    from connector.provider.computing.forms import Process, Types
    from contracts.gate import Gate


class RunPrograms(Statements):
    """The programs that are run; of each its digest is kept, and nothing else."""

    async def process(self, _ground: Ground, gate: Gate, types: Types, asked: Asked, waiting: Waiting) -> Process:
        """Return what runs a program; raises InvalidInput, SettingsError."""
        assert isinstance(asked.about, Program), "it is a program"
        return Programmed(asked.about, gate, types, waiting)
