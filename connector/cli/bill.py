"""`penstock bill`: orders of either side, bills and monthly statements, and whether a bill holds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from connector.cli import declared
from connector.cli.options import AsJson, Development, file_argument, file_option, new_file_option
from connector.cli.speak import answer, finish, talk
from connector.client.acts.money import money

app = typer.Typer(help="Orders, bills and statements: list, show, check.", no_args_is_help=True)

To = Annotated[Path | None, new_file_option("--to", what="write it here: .json, .html or .csv")]
File = Annotated[Path, file_argument("FILE", "a bill as `bill show --to` writes it, .json or .html")]
Against = Annotated[Path | None, file_option("--against", "the other party's bill: say where they differ")]
Rows = Annotated[Path | None, file_option("--rows", "the edition's table of pieces, for a bill that carries none")]
Rpc = Annotated[str, typer.Option("--rpc", help="JSON-RPC address of the chain; default: it is not asked")]
Log = Annotated[
    str | None,
    typer.Option("--log", help="read the provider's log at this address; `own`: at its own; default: it is not read"),
]
DIFFERS = 6  # exit code: verification failed
OWN = "own"
PAGE = b"<!doctype html"  # how a bill for people begins
MARK = b"\xef\xbb\xbf"  # what some editors write before a text
# what a page says of its agreement
KEY = re.compile("<th>agreement · 合同</th><td>([^<]*)</td>".encode())
# what a file was read as
AS_PAGE, AS_JSON = "HTML, by the bill that lies in it", "JSON"


declared.add(app, "bill", "list", "refund")


@app.command()
@declared.asking("bill_show")
def show(typed: declared.Typed, to: To = None) -> None:
    """Print what is billed, or write it into a file, too."""
    from connector.provider.billing import printed  # noqa: PLC0415  # loaded when the verb runs

    found = typed.ask()
    key = _of(found, typed["key"])
    if to is not None:
        _write(to, found, key)
    typed.tell(found, [*printed.lines(found, key), *([f"written to {to}"] if to else [])])


def _of(found: Any, typed: str) -> str:
    """Return the digest of the agreement that a bill is of, whatever was typed for it; what has none is as typed."""
    from ledger.agreement import bill as bills  # noqa: PLC0415  # loaded when the verb runs

    return typed if {"statement", "copies"} & found.keys() else bills.parse(found).bill.key.hex()


@app.command()
def check(
    bill: File,
    against: Against = None,
    rpc: Rpc = "",
    log: Log = None,
    rows: Rows = None,
    *,
    development: Development = False,
    as_json: AsJson = False,
) -> None:
    """Check a bill by what it carries, by the chain and by the provider's log; trust neither party.

    For example: penstock bill check bill.json --rpc https://exchange.example/rpc --log own
    """
    found = finish(_checked(bill, against, rpc, log, rows, development=development), as_json=as_json)
    form = found.pop("read")
    lines = [f"{row['state']}: {row['check']}" + (f": {row['why']}" if row["why"] else "") for row in found["checks"]]
    lines += [f"differs: {one}" for one in found["differences"]]
    verdict = "the bill holds" if found["holds"] else "the bill does not hold"
    answer(found, [*lines, f"read as {form}: {verdict}: {money(found['amount'], found['currency'])}"], as_json=as_json)
    if not found["holds"] or found["differences"]:
        raise typer.Exit(DIFFERS)


async def _checked(
    path: Path, against: Path | None, rpc: str, log: str | None, rows: Path | None, *, development: bool
) -> dict[str, Any]:
    from connector.net.outbound import Outbound  # noqa: PLC0415  # loaded when the verb runs
    from connector.provider.billing.evidence import Keepers  # noqa: PLC0415  # loaded when the verb runs
    from ledger.agreement import bill_check  # noqa: PLC0415  # loaded when the verb runs

    (issued, form), other = _read(path), None if against is None else _read(against)[0]
    async with Outbound(development=development) as outbound:
        place = None if log is None else log.removeprefix(OWN)
        evidence = await Keepers(outbound, development=development).evidence(issued.bill, rpc, place, rows)
    found = bill_check.check(issued, evidence)
    return {
        "read": form,
        "holds": bill_check.holds(found),
        "agreement": issued.bill.key.hex(),
        "amount": str(issued.bill.amount),
        "currency": issued.bill.tariff.currency,
        "checks": [one.json() for one in found],
        "differences": [] if other is None else bill_check.difference(issued.bill, other.bill),
    }


def _read(path: Path) -> tuple[Any, str]:
    """Return the bill of a file, and what the file was read as; raises InvalidInput for one without a bill."""
    from connector.provider.billing import printed  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime import documents  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime.errors import InvalidInput  # noqa: PLC0415  # loaded when the verb runs
    from ledger.agreement import bill as bills  # noqa: PLC0415  # loaded when the verb runs

    raw, form = documents.read(path).removeprefix(MARK), AS_JSON
    if path.suffix == ".csv":
        raise InvalidInput(f"`{path}` has the lines alone, and no signature", "check its .json or .html instead")
    if raw.lstrip()[: len(PAGE)].lower() == PAGE:
        held = printed.document_in(raw)
        if held is None:
            raise InvalidInput(f"`{path}` is a page without its bill in it", "ask for it again: `bill show --to`")
        page, raw, form = raw, held, AS_PAGE
        if not _is_shown(page, held):
            talk(f"  {path} shows something else than this version prints: only the bill in it was checked")
    document = documents.as_json(raw, path)
    if isinstance(document, dict) and "copies" in document:
        raise InvalidInput("a bill of plain copies is paid outside channels", "compare it with the other party's")
    return bills.parse(document), form


def _is_shown(page: bytes, held: bytes) -> bool:
    """Say whether a page shows its bill as `bill show` prints it; a browser that saved it may have written it anew."""
    import json  # noqa: PLC0415  # loaded when the verb runs

    from connector.provider.billing import printed  # noqa: PLC0415  # the same

    found = KEY.search(page)
    try:
        return printed.page(json.loads(held), "" if found is None else found[1].decode()).encode() == page
    except (ValueError, KeyError, TypeError, AttributeError):  # no bill at all: who reads it next says so
        return False


def _write(to: Path, found: Any, key: str) -> None:
    import orjson  # noqa: PLC0415  # loaded when the verb runs

    from connector.provider.billing import printed  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime import files  # noqa: PLC0415  # loaded when the verb runs

    forms = {".json": lambda: orjson.dumps(found).decode(), ".html": lambda: printed.page(found, key)}
    forms[".csv"] = lambda: printed.table(found)
    form = forms.get(to.suffix)
    if form is None:
        raise typer.BadParameter(f"`{to}` ends with none of {', '.join(forms)}", param_hint="--to")
    files.write_atomic(to, form().encode(), mode=0o644)
