"""The entry point of the installed command: it loads the verb that was asked for, or all of them for the help page."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING

from connector.cli import verbs
from connector.runtime.data_folder import OTHERS
from ledger.chain import key_files

if TYPE_CHECKING:
    import typer


def run() -> None:
    """Run what was typed: what it makes is its owner's alone, unless it says otherwise."""
    os.umask(OTHERS)
    gc.disable()  # what is loaded stays: no look for cycles until the verb runs (`connector.cli.page`)
    key_files.defer()
    try:
        line()()
    except OSError as fault:  # of a verb that writes after its answer came
        import typer  # noqa: PLC0415  # as the verb that failed

        from connector.cli.speak import fail  # noqa: PLC0415  # as the verb that failed

        try:
            fail(fault, as_json=False)
        except typer.Exit as end:
            sys.exit(end.exit_code)


def line() -> typer.Typer:
    """Return the command line with the verb that is the first word, or with all where it is none."""
    from connector.cli import page  # noqa: PLC0415  # typer is loaded when what is made belongs to its owner alone

    first = sys.argv[1] if len(sys.argv) > 1 else ""
    return page.single(first) if first in verbs.NAMES else page.whole()


if __name__ == "__main__":
    run()
