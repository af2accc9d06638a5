"""`penstock demo`: four participants, two products, the whole journey on this machine."""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.options import AsJson, folder_option
from connector.cli.speak import answer, finish, talk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connector.demo.report import Outcome

Keep = Annotated[bool, typer.Option("--keep", help="leave everything running and print the addresses")]
Seed = Annotated[int | None, typer.Option(min=0, help="repeat a run: the seed it printed")]
Folder = Annotated[Path | None, folder_option("--folder", "keep the data here; default: removed at the end")]
FAILED = 1  # exit code: something that must hold did not


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Yield what shows the present step: a spinner on a terminal's stderr, nothing anywhere else."""
    if not sys.stderr.isatty():
        yield lambda _step: None
        return
    from rich.console import Console  # noqa: PLC0415  # loaded when the verb runs

    with Console(stderr=True).status("starting four participants") as shown:
        yield shown.update


async def play(folder: Path | None, seed: int | None, *, keep: bool, as_json: bool) -> Outcome:
    """Play the journey and return what it showed; with `keep` show it and stay until interrupted."""
    from connector.demo.run import run  # noqa: PLC0415  # loaded when the verb runs

    with ExitStack() as spinner:
        say = spinner.enter_context(progress())

        def show(outcome: Outcome, addresses: list[str]) -> None:
            spinner.close()  # beside it a terminal would break lines that are there to be pasted
            answer(outcome.figures, [*outcome.lines, *addresses], as_json=as_json)
            for line in addresses if as_json else ():
                talk(line)

        return await run(keep=keep, seed=seed, folder=folder, say=say, show=show)


def demo(
    folder: Folder = None,
    seed: Seed = None,
    *,
    keep: Keep = False,
    as_json: AsJson = False,
) -> None:
    """Play the whole journey: publish, negotiate, sign, pull, open, settle, audit, and forgeries caught.

    For example: penstock demo --keep
    """
    outcome = finish(play(folder, seed, keep=keep, as_json=as_json), as_json=as_json)
    answer(outcome.figures, outcome.lines, as_json=as_json)
    if not outcome.held:
        raise typer.Exit(FAILED)
