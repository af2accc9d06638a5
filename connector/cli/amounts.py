"""Amounts as they are typed: `9.50`, `9.50 CNY`, or digits alone, which count hundredths as they always have.

Law: one reader for every option and argument that is an amount (`contracts.decimals.read_typed`). A currency that
somebody names is held against that of the space before anything is asked for; otherwise the server is not asked for it.
Where digits alone have meant coins (`penstock price`), they are refused: elsewhere the same digits are hundredths.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from connector.cli.speak import ask

if TYPE_CHECKING:
    from pathlib import Path

    from connector.client.acts.act import Field
    from contracts.decimals import Typed


def minor(field: Field, text: str, data: Path, currency: str = "", *, as_json: bool) -> str:
    """Return an amount in hundredths; ends the command with 2 for one that is none, or of another currency.

    `currency` is what the amount has to be in, if the command line says it; else it is the space's.
    """
    read = _read(text, _place(field))
    if read.currency and read.currency != (expected := currency or of_space(data, as_json=as_json)):
        raise typer.BadParameter(f"`{text}` is in {read.currency}, and this is in {expected}", param_hint=_place(field))
    if field.least is not None and read.minor < field.least:
        raise typer.BadParameter(f"`{text}` is less than {field.least} hundredth", param_hint=_place(field))
    return str(read.minor)


def coins(field: Field, text: str) -> str:
    """Return an amount of coins as it was typed; ends the command with 2 for digits alone."""
    read = _read(text, _place(field))
    if read.bare:
        from contracts.price_words import bare  # noqa: PLC0415  # the help page starts fast

        words = f"`{text}` may be {bare(read.minor)} or {bare(read.minor * 100)}: write the one that you mean"
        raise typer.BadParameter(words, param_hint=_place(field))
    return text


def of_space(data: Path, *, as_json: bool) -> str:
    """Return the currency of the space, as the own server knows it."""
    return str(ask(data, "GET", "status", as_json=as_json)["currency"])


def _read(text: str, place: str) -> Typed:
    from contracts.decimals import read_typed  # noqa: PLC0415  # the help page starts fast
    from contracts.errors import ContractError  # noqa: PLC0415  # the same

    try:
        return read_typed(text, place)
    except ContractError as fault:
        raise typer.BadParameter(str(fault), param_hint=place) from fault


def _place(field: Field) -> str:
    return field.option or field.name.upper()
