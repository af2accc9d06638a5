"""Engines of ours, each asked about blocks of rows and told with noise (decision 0242)."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from connector.compute.engine import installed, started
from connector.compute.engine.attached import Attached
from connector.compute.engine.running import Running
from connector.provider.computing import offered
from connector.provider.computing.statements import Statements
from connector.runtime.errors import NotPermitted
from connector.store.rows.product import ProductState

if TYPE_CHECKING:
    from connector.compute.waiting import Waiting
    from connector.provider.computing.asked import Asked, Ground
    from connector.provider.computing.forms import Process, Types
    from connector.store.rows.product import ProductRow
    from contracts.gate import Gate


class RunEngines(Statements):
    """The engines that are run: the one that was agreed on, while our settings name it and its file is the same."""

    async def process(self, _ground: Ground, gate: Gate, types: Types, asked: Asked, waiting: Waiting) -> Process:
        """Return what runs an engine; raises InvalidInput, NotPermitted, SettingsError."""
        assert isinstance(asked.about, Attached), "it is a run of an engine"
        assert gate.engine is not None, "it was looked at before"
        if asked.about.engine != gate.engine.digest:
            raise NotPermitted("its terms name another engine", f"ask for `{gate.engine.name}`")
        ours = installed.of(self._core.settings.compute.engines, gate.engine.name)
        # its file is read there
        return await asyncio.to_thread(partial(Running, asked.about, gate, types, ours, waiting))

    async def require(self, product: ProductRow) -> None:
        """See that the engine that a product names comes up, before it is sealed; raises InvalidInput."""
        name = offered.engine_of(product.brief)
        if name and product.state in (ProductState.DRAFT, ProductState.RENEWING):
            ours = installed.of(self._core.settings.compute.engines, name)
            await asyncio.to_thread(started.require, ours)
