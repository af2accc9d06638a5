"""The audit as one HTML page: no script, nothing loaded, to be filed as it is."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from ledger.audit.severity import laid_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{border:1px solid #8888;padding:.3rem .6rem;text-align:left;"
    "vertical-align:top}:root{color-scheme:light dark}"
)
COUNTS = ("events", "proofs_verified", "signatures_verified", "decisions_replayed", "openings")
MONEY = ("amount_agreed", "amount_settled", "bytes_paid_twice")


def page(found: Mapping[str, Any]) -> str:
    """Return what `penstock audit --json` prints as a page."""
    figures = found["figures"]
    parts = [
        f"<h1>audit: {escape(found['audit'])}</h1>",
        *(f"<p>{escape(line)}</p>" for line in begun(found["went_on"])),
        *([_records(found["shared"]["shares"])] if "shared" in found else []),
        *(f"<p>not looked at: the log of {escape(did)}</p>" for did in found["unread"]),
        _table(("count", ""), [(name.replace("_", " "), found[name]) for name in (*COUNTS, *MONEY)]),
        "<h2>findings</h2>",
        _table(
            ("grade", "about", "finding", "rests on", "check it yourself"),
            (_finding(below, row) for below, row in laid_out(found["findings"])),
        ),
        "<h2>volume</h2>",
        _records(figures["volume"]),
        "<h2>flows between regions</h2>",
        _records(figures["flows"]),
        "<h2>concentration</h2>",
        _records([{"side": side, **row} for side, row in figures["concentration"].items()]),
        "<h2>what each member paid and earned, by the chain</h2>",
        _records(figures["purses"]),
    ]
    head = f'<meta charset="utf-8"><title>audit</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>\n'


def begun(told: Mapping[str, str]) -> list[str]:
    """Return in words from where an audit went on, or why it did not; nothing if nothing was kept."""
    if "refused" in told:
        return [f"all was proven anew: what was kept is not used, {told['refused']}"]
    return [f"went on from {told['entries']} entries proven before, up to block {told['block']}"] if told else []


def _finding(below: int, row: Mapping[str, Any]) -> Sequence[Any]:
    words = f"{'follows: ' * below}{row['code']}: {row['en']}"
    return row["severity"], row["subject"], words, "; ".join(row["evidence"]), "; ".join(row["check"])


def _records(rows: Sequence[Mapping[str, Any]]) -> str:
    return _table(tuple(rows[0]), [tuple(row.values()) for row in rows]) if rows else "<p>none</p>"


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"
