"""`penstock program`: what a reviewer does about programs of buyers that are run where others' data are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from connector.cli import declared
from connector.client.acts.programs import assented

app = typer.Typer(help="Programs of buyers, as their reviewer: assent to one.", no_args_is_help=True)

With = Annotated[Path, typer.Option("--with", help="the program: .wasm or .wat", resolve_path=True)]
Out = Annotated[Path, typer.Option("--out", help="the file to write the assent to, for the buyer")]


@app.command()
@declared.asking("program_assent", "file")
def assent(typed: declared.Typed, program: With, out: Out) -> None:
    """Write the assent into a file."""
    from connector.runtime import files  # noqa: PLC0415  # loaded when the verb runs

    told = typed.ask(file=str(program))
    signed = {"document": told["document"], "signature": told["signature"]}
    files.write_atomic(out, json.dumps(signed, ensure_ascii=False).encode())
    typed.tell(told, [*assented(told), f"written to {out}", "next, the buyer: penstock run … --assent " + out.name])
