"""A bill or a statement as a person files it: one HTML page without scripts, or the lines as CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from functools import partial
from html import escape, unescape
from typing import TYPE_CHECKING, Any

from catalog.packing import Billed, words
from connector.channel import tally
from connector.licence.receipt import OUTSIDE
from contracts import currencies, price_words
from contracts.ranges import RowSet
from contracts.tariff import Tariff
from ledger.edition.row_table import RowTable
from ledger.log.note import unb64

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{border:1px solid #8888;padding:.3rem .6rem;text-align:left}"
    "@media print{body{margin:0}}"
)
# what a browser keeps and neither shows nor runs
HELD = '<template id="document">{}</template>'
_HELD = re.compile(r'<template id="document">([^<]*)</template>')
LINE = ("channel", "seq", "order", "use", "period", "quantity", "amount")
COPY = ("copy", "at", "bytes", "amount", "word")
ROW = ("agreement", "role", "peer", "product", "title", "price", "orders", "amount", "state")
# what of these is an amount
SUMS = frozenset({"amount", "spent", "earned", "outside"})
# name → English, Chinese
WORDS: Mapping[str, tuple[str, str]] = {
    "bill": ("Bill", "账单"),
    "statement": ("Statement", "对账单"),
    "agreement": ("agreement", "合同"),
    "provider": ("provider", "提供方"),
    "buyer": ("buyer", "需求方"),
    "product": ("product", "产品"),
    "price": ("price", "价格"),
    "quantity": ("quantity", "数量"),
    "what": ("what is billed", "计费内容"),
    "amount": ("amount", "金额"),
    "issuer": ("issued by", "出具方"),
    "at": ("at", "时间"),
    "month": ("month", "月份"),
    "spent": ("spent", "支出"),
    "earned": ("earned", "收入"),
    "shares": ("shares", "分成"),
    "outside": ("plain copies, paid outside channels", "明文副本, 通道外支付"),
    "copies": ("Bill of plain copies", "明文副本账单"),
    "title": ("title", "名称"),
    "currency": ("currency", "币种"),
    "metering": ("metering", "计量"),
    "payment": ("payment", "支付方式"),
    "attested": ("attested", "答复证明"),
    "bytes": ("bytes", "字节数"),
}
# who stands for a copy's figures
ALONE, BOTH = "by the provider alone", "signed by both"


def lines(document: Mapping[str, Any], agreement: str = "") -> list[str]:
    """Return what a person reads on a terminal."""
    if "statement" in document:
        told = document["statement"]
        money = partial(_money, currency=_currency(document))
        rows = [
            f"{money(row['amount']):>16}  {row['title']}  ({row['role']}, {row['state']})" for row in told["agreements"]
        ]
        sums = f"{told['month']}: spent {money(told['spent'])}, earned {money(told['earned'])}"
        outside = [f"plain copies, {OUTSIDE}: {money(told['outside'])}"] if told["outside"] != "0" else []
        back = document.get("refunded", {})
        outside += [f"refunds {name}: {money(back[name])}" for name in ("given", "got") if back.get(name, "0") != "0"]
        return [*rows, sums, *outside]
    if "copies" in document:
        currency = document["copies"]["currency"]
        rows = [
            f"copy {row['copy']:>4}: {row['bytes']:>12} bytes for {_money(row['amount'], currency):>12}, {row['word']}"
            for row in _copies(document)
        ]
        return [*(f"{name}: {value}" for name, value in _about_copies(document)), *rows]
    bill = document["bill"]
    rows = [
        f"window {line['seq']:>4}: {line['quantity']:>12} for {_money(line['amount'], bill['currency']):>12}"
        for line in bill["lines"]
    ]
    return [f"{name}: {value}" for name, value in facts(document, agreement)] + rows


def facts(document: Mapping[str, Any], agreement: str = "", lang: str = "en") -> list[tuple[str, str]]:
    """Return the head of a bill: what it is about, and its sum in words."""
    bill, at = document["bill"], 0 if lang == "en" else 1
    tariff = Tariff.from_json(bill["terms"]["tariff"])
    told = {
        "agreement": agreement,
        "provider": bill["provider"],
        "buyer": bill["buyer"],
        "product": bill["terms"]["title"],
        "price": price_words.price(tariff, lang),
        "quantity": price_words.quantity(tariff, int(bill["quantity"]), lang),
        "what": _what(bill, lang) if tariff.unit == "byte" else "",
        "amount": price_words.money(int(bill["amount"]), tariff.currency, lang),
        "shares": ", ".join(
            f"{payee}: {_money(share, tariff.currency, lang)}" for payee, share in bill["shares"].items()
        ),
        "issuer": document["issuer"],
        "at": document["at"],
    }
    return [(WORDS[name][at], value) for name, value in told.items() if value]


def _what(bill: Mapping[str, Any], lang: str) -> str:
    """Return how much of the bytes is data and how much the list of files; empty where the bill has no row table."""
    if not bill.get("rows"):
        return ""
    table = RowTable(unb64(bill["rows"]))
    paid = RowSet.of((first, count) for line in bill["lines"] for first, count in line["rows"])
    listed = tally.plain_bytes(table, paid & RowSet(((0, table.index_rows),)))
    return words(Billed(tally.plain_bytes(table, paid) - listed, listed, None), lang, by_bytes=True)


def page(document: Mapping[str, Any], agreement: str = "") -> str:
    """Return the HTML page, in English and Chinese; the document itself lies in it, unseen (`document_in`)."""
    return _shown(document, agreement).replace("</body>", HELD.format(escape(json.dumps(document))) + "</body>")


def document_in(page: bytes) -> bytes | None:
    """Return the document that lies in a page that `page` made, None where none does."""
    found = _HELD.search(page.decode(errors="replace"))
    return None if found is None else unescape(found[1]).encode()


def _shown(document: Mapping[str, Any], agreement: str) -> str:
    (names, rows), currency = _lines(document), _currency(document)
    cells = [[_cell(name, str(row[name]), currency) for name in names] for row in rows]
    if "statement" in document:
        told = document["statement"]
        about = ("month", "issuer", "spent", "earned", "outside", "at")
        head = [(name, _cell(name, str(told[name]), currency)) for name in about]
        return _page("statement", [(" · ".join(WORDS[name]), value) for name, value in head], names, cells)
    if "copies" in document:
        head = [(" · ".join(WORDS[name]), value) for name, value in _about_copies(document)]
        return _page("copies", head, names, cells)
    both = zip(facts(document, agreement), facts(document, agreement, "zh"), strict=True)
    head = [(f"{en} · {zh}", one if one == other else f"{one} · {other}") for (en, one), (zh, other) in both]
    return _page("bill", head, names, cells)


def table(document: Mapping[str, Any]) -> str:
    """Return the lines as CSV, RFC 4180."""
    names, rows = _lines(document)
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(names)
    # a cell that begins like a formula is one to a spreadsheet, and titles are others' words
    writer.writerows([_plain(str(row[name])) for name in names] for row in rows)
    return written.getvalue()


def _lines(document: Mapping[str, Any]) -> tuple[tuple[str, ...], list[dict[str, Any]]]:
    """Return the columns and rows of a document."""
    if "statement" in document:
        return ROW, document["statement"]["agreements"]
    return (COPY, _copies(document)) if "copies" in document else (LINE, document["bill"]["lines"])


def _about_copies(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the head of a bill of plain copies."""
    names = ("agreement", "provider", "buyer", "title", "price", "currency", "bytes", "amount", "metering", "payment")
    told = {**document["copies"], "issuer": document["issuer"], "at": document["at"]}
    shown = told | {"amount": _money(told["amount"], told["currency"])}
    said = [name for name in ("attested",) if name in shown]  # a bill of before there was evidence has none
    return [(name, str(shown[name])) for name in (*names, *said, "issuer", "at")]


def _currency(document: Mapping[str, Any]) -> str:
    """Return the currency of a document; a statement's is its space's, which an older one does not name."""
    told = document.get("bill") or document.get("copies") or document
    return str(told.get("currency", currencies.FIRST))


def _cell(name: str, told: str, currency: str) -> str:
    """Return a member of a document as a person reads it; what was signed may say anything."""
    return _money(told, currency) if name in SUMS and told.isdecimal() else told


def _money(minor: str, currency: str, lang: str = "en") -> str:
    return price_words.money(int(minor), currency, lang)


def _copies(document: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return a row for each receipt."""
    told = enumerate(document["copies"]["receipts"], 1)
    return [
        {
            "copy": str(number),
            "at": one["receipt"]["at"],
            "bytes": one["receipt"]["plainBytes"],
            "amount": one["receipt"]["amount"],
            "word": BOTH if one["countersigned"] else ALONE,
        }
        for number, one in told
    ]


def _plain(cell: str) -> str:
    return "'" + cell if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell


def _page(kind: str, head: Iterable[tuple[str, str]], names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    title = " · ".join(WORDS[kind])
    about = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in head)
    top = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    style = f'<meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
    tables = f"<h1>{title}</h1><table>{about}</table><table><tr>{top}</tr>{body}</table>"
    return f'<!doctype html><html lang="en"><head>{style}</head><body>{tables}</body></html>\n'
