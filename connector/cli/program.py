"""`penstock program`: what a reviewer does about programs of buyers that are run where others' data are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from connector.cli import declared
from connector.client.acts.programs import assented

app = typer.Typer(help="Programs of buyers, as their reviewer: assent to one, list, show.", no_args_is_help=True)

With = Annotated[Path, typer.Option("--with", help="the program: .wasm or .wat", resolve_path=True)]
Out = Annotated[Path, typer.Option("--out", help="the file to write the assent to, for the buyer")]


@app.command()
@declared.asking("program_assent", "file")
def assent(typed: declared.Typed, program: With, out: Out) -> None:
    """Write the assent into a file."""
    told = typed.ask(file=str(program))
    _write(out, told)
    typed.tell(told, [*assented(told), f"written to {out}", "next, the buyer: penstock run … --assent " + out.name])


declared.add(app, "program", "assents")


@app.command()
@declared.asking("assent_show")
def show(
    typed: declared.Typed,
    out: Annotated[Path | None, typer.Option("--out", help="the file to write it to, for the buyer")] = None,
) -> None:
    """Show an assent, and write it into a file if one is named."""
    told = typed.ask()
    if out is not None:
        _write(out, told)
    typed.tell(told, [*assented(told), *([f"written to {out}"] if out else [])])


def _write(out: Path, told: Any) -> None:
    from connector.runtime import files  # noqa: PLC0415  # loaded when the verb runs

    signed = {"document": told["document"], "signature": told["signature"]}
    files.write_atomic(out, json.dumps(signed, ensure_ascii=False).encode())
