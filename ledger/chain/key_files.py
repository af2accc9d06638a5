"""Key files of Ethereum's clients: eth-account opens them, no participant has one, so they wait for the first.

eth_keyfile computes the tables of two pairing curves while it is imported: 0.3 s of each start of whoever imports
web3 (decision 0256).
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

PACKAGE, MODULE = "eth_keyfile", "eth_keyfile.keyfile"


class Unread(ModuleType):
    """Stands for eth_keyfile until one of its functions is called, which imports it."""

    KDFType = str  # all that eth-account takes beside functions, for annotations

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*arguments: Any, **options: Any) -> Any:
            for one in (PACKAGE, MODULE):
                if isinstance(sys.modules.get(one), Unread):
                    del sys.modules[one]
            return getattr(import_module(MODULE), name)(*arguments, **options)

        return call


def defer() -> None:
    """Let eth_keyfile be imported when it is first used, if it is not here already; before web3 is imported."""
    if PACKAGE not in sys.modules:
        sys.modules.update({one: Unread(one) for one in (PACKAGE, MODULE)})
