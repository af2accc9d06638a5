"""`penstock serve` whose own rooms cannot import one package, as if it were not installed: PENSTOCK_TEST_BLOCK=package.

What other packages use of each other stays, so what fails is what this project does with the package itself.
"""

from __future__ import annotations

import builtins
import importlib
import os
import sys

ROOMS = frozenset({"connector", "contracts", "ledger", "policy", "catalog"})


def take_away(package):
    honest_import, honest_module = builtins.__import__, importlib.import_module

    def refuse(name, asker):
        if name.split(".")[0] == package and str(asker).split(".")[0] in ROOMS:
            raise ModuleNotFoundError(f"No module named '{name}': the test took it away", name=name)

    def importing(name, globals=None, locals=None, fromlist=(), level=0):  # noqa: A002  # the builtin's own names
        if level == 0:
            refuse(name, (globals or {}).get("__name__"))
        return honest_import(name, globals, locals, fromlist, level)

    def module(name, package=None):
        refuse(name, sys._getframe(1).f_globals.get("__name__"))
        return honest_module(name, package)

    builtins.__import__, importlib.import_module = importing, module


if __name__ == "__main__":
    take_away(os.environ["PENSTOCK_TEST_BLOCK"])
    from connector.cli.main import app

    sys.argv = ["penstock", "serve", *sys.argv[1:]]
    app()
