"""`penstock up`: a space of four on this machine, for trying with data of one's own."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.options import AsJson, folder_option
from connector.cli.speak import answer, ending, fail, talk

if TYPE_CHECKING:
    from connector.demo.local_space import Found

SPACE = Path("penstock-space")
Folder = Annotated[Path, folder_option("--data", "the folder of the space")]
INTERRUPTED = 130


def up(
    data: Folder = SPACE,
    port: Annotated[
        int | None,
        typer.Option(help="the first of its four ports, for a new space; default: free ones", min=1024, max=65532),
    ] = None,
    *,
    reset: Annotated[bool, typer.Option("--reset", help="remove the four first, with all they hold; asks")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="with --reset: do not ask")] = False,
    as_json: AsJson = False,
) -> None:
    """Start an exchange, a provider, a buyer and a regulator here, which stay in a folder: the same again goes on.

    For example: penstock up --data penstock-space
    """
    import asyncio  # noqa: PLC0415  # loaded when the verb runs

    from connector.cli.demo import progress  # noqa: PLC0415  # loaded when the verb runs
    from connector.demo import local_space  # noqa: PLC0415  # loaded when the verb runs

    if reset:
        _reset(data, yes=yes, as_json=as_json)

    shown = False

    async def work() -> None:
        with ExitStack() as spinner:
            say = spinner.enter_context(progress())

            def show(found: Found) -> None:
                nonlocal shown
                shown = True
                spinner.close()  # beside it a terminal would break lines that are there to be pasted
                answer(found.json(), found.lines(), as_json=as_json)

            await local_space.run(data, say, show, port)

    try:
        with ending(as_json=as_json):
            asyncio.run(work())
    except typer.Exit as end:
        if end.exit_code == INTERRUPTED and shown:
            talk(local_space.again(data))
        raise


def _reset(data: Path, *, yes: bool, as_json: bool) -> None:
    """Remove the four when whoever asks for it says so again."""
    from connector.demo import local_space  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime.errors import InvalidInput  # noqa: PLC0415  # loaded when the verb runs

    if not yes:
        if as_json or not sys.stdin.isatty():
            fail(InvalidInput(f"nobody can be asked whether `{data}` goes", "say --yes"), as_json=as_json)
        typer.confirm(f"remove the four participants in `{data}`, with all they hold?", abort=True, err=True)
    with ending(as_json=as_json):
        there = local_space.reset(data)
    talk(f"removed: {', '.join(there)}" if there else f"there was nobody in `{data}`")
