"""`penstock contract`: an agreement as a digital contract of TC609-6-2025-14, or its text, for a file or a pipe."""

from __future__ import annotations

import json
from pathlib import Path  # typer reads it when the command is made
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli import declared
from connector.cli.options import Language, new_file_option

if TYPE_CHECKING:
    from collections.abc import Mapping

Out = Annotated[Path | None, new_file_option("-o", "--out", what="write the contract here")]
Paper = Annotated[
    Path | None, new_file_option("-o", "--out", what="write it here; its text as a page if named .html, a PDF if .pdf")
]
Text = Annotated[
    Language | None, typer.Option(help="its text for people instead: clauses, each with how far it is kept")
]


@declared.asking("agreement_contract")
def contract(typed: declared.Typed, out: Paper = None, text: Text = None) -> None:
    """Print the contract, or write it into a file."""
    if text is not None:
        tell_text(typed, out, text)
    else:
        tell(typed, out)


def tell(typed: declared.Typed, out: Path | None) -> None:
    """Print the contract that is asked for, or write it into a file."""
    from connector.runtime import files  # noqa: PLC0415  # loaded when the verb runs

    found = typed.ask()
    text = json.dumps(found, ensure_ascii=False)
    if out is not None:
        files.write_atomic(out, text.encode())
    said = f"written to {out}; next, anybody: penstock verify {out} --deployment space.json"
    typed.tell(found, [text if out is None else said])


def tell_text(typed: declared.Typed, out: Path | None, lang: Language) -> None:
    """Print the text of the contract that is asked for, or write it into a file."""
    words = in_words(typed.ask(), lang, out)
    typed.tell({"text": words}, [words if out is None else f"written to {out}; what was signed decides, not its text"])


def in_words(contract: Mapping[str, Any], lang: Language, out: Path | None = None) -> str:
    """Return the text of a contract; write it, too, where a file is named: Markdown, a page, or a PDF."""
    from connector.console import contract_text  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime import files  # noqa: PLC0415  # loaded when the verb runs

    words = contract_text.markdown(contract, lang.value)
    if out is not None:
        files.write_atomic(out, contract_text.written(words, lang.value, out.suffix))
    return words
