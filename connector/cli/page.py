"""The page of help: the root of the command line with all verbs on it, or with one."""

from __future__ import annotations

import gc
from typing import Annotated

import typer

from connector.cli import verbs
from connector.cli.plain import PlainGroup


def _version(asked: bool) -> None:  # noqa: FBT001  # what typer hands to an option's callback
    if asked:
        import importlib.metadata  # noqa: PLC0415  # a page of help needs none

        typer.echo("penstock " + importlib.metadata.version("penstock"))
        raise typer.Exit


def whole() -> typer.Typer:
    """Return the command line with all verbs, and with the options that teach a shell to complete."""
    app = _root(completion=True)
    for name, _ in (*verbs.VERBS, *verbs.ASIDE, *verbs.GROUPS):
        verbs.add(app, name)
    return app


def single(name: str) -> typer.Typer:
    """Return the command line with one verb, or one group: what is asked for by its name reads nothing else."""
    app = _root(completion=False)
    verbs.add(app, name)
    return app


def _root(*, completion: bool) -> typer.Typer:
    app = typer.Typer(
        name="penstock",
        cls=PlainGroup,
        no_args_is_help=True,
        add_completion=completion,
        pretty_exceptions_enable=False,
    )

    @app.callback()
    def about(
        *,
        version: Annotated[  # noqa: ARG001  # its callback does it all
            bool, typer.Option("--version", callback=_version, is_eager=True, help="print the version, and end")
        ] = False,
    ) -> None:
        """Run a trusted-data-space connector: sealed replicas, metered keys, evidence anyone can check."""
        if not gc.isenabled():  # since `connector.cli.entry` began to load; what runs from here on may run for days
            gc.freeze()
            gc.enable()

    return app
