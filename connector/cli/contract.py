"""`penstock contract`: an agreement as a digital contract, in the fields of TC609-6-2025-14, for a file or a pipe."""

from __future__ import annotations

import json
from pathlib import Path  # typer reads it when the command is made
from typing import Annotated

from connector.cli import declared
from connector.cli.options import new_file_option

Out = Annotated[Path | None, new_file_option("-o", "--out", what="write the contract here")]


@declared.asking("agreement_contract")
def contract(typed: declared.Typed, out: Out = None) -> None:
    """Print the contract, or write it into a file."""
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
