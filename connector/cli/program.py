"""`penstock program`: what a reviewer does about programs of buyers, and questions that are kept to be sold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from connector.cli import declared
from connector.client.acts.programs import assented
from connector.client.acts.questions import told as questioned

app = typer.Typer(
    help="Programs of buyers, as their reviewer: assent to one, list, show; and a question kept to be sold.",
    no_args_is_help=True,
)

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


@app.command()
@declared.asking("question_make")
def question(
    typed: declared.Typed, out: Annotated[Path, typer.Option("--out", help="the file to write, NAME.question.json")]
) -> None:
    """Put a question together from choices, with values left open as :NAME, and write it into a file to be sold."""
    told = typed.ask()
    _write_document(out, told["document"])
    typed.tell(
        told, [*questioned(told), f"written to {out}", f"next: penstock publish {out} --application is=question …"]
    )


def _write(out: Path, told: Any) -> None:
    _write_document(out, {"document": told["document"], "signature": told["signature"]})


def _write_document(out: Path, document: Any) -> None:
    from connector.runtime import files  # noqa: PLC0415  # loaded when the verb runs

    files.write_atomic(out, json.dumps(document, ensure_ascii=False).encode())
