"""A page as it leaves: HTML by its template, or the twin that its address asks for.

Law: a page is made of its data and of nothing else, so that its `.json` twin says all that it says; text of others is
escaped by the templates, and nothing on a page is loaded from elsewhere or run in it (`POLICY`).
"""

from __future__ import annotations

import csv
import io
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import aiohttp_jinja2
import jinja2
import orjson
from aiohttp import web

from catalog.indicators import SHARES
from connector.console import fitting, given, language, markdown, plots, showing
from connector.console.beginnings import BEGINNINGS
from connector.console.page import GROUPS, PREFIX
from connector.console.pages import PAGES
from contracts import currencies

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.console.page import Page
    from connector.console.sessions import Session

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Vary": "Accept-Language, Cookie",
}
# a spreadsheet takes a cell that begins so for a formula
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
YEAR_SECONDS = 365 * 24 * 3600
# of a group below its bar, where eight stand beside each other
LABEL_CHARACTERS = 14
# what a page is rendered by that has nothing to show but its table
TABLE = "table.html"


def prepare(app: web.Application) -> None:
    """Give an application the templates of the console."""
    environment = aiohttp_jinja2.setup(
        app,
        loader=jinja2.PackageLoader("connector.console"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "PREFIX": PREFIX,
        "given": given,
        "languages": language.NAMES,
        "plot": _by_day,
        "bars": _by_group,
        "pair": _beside,
        "tree": plots.tree,
        "spread": plots.spread,
        "strip": plots.strip,
        "beginnings": BEGINNINGS,
        "titles": {page.path: f"{page.name}.title" for page in PAGES},
        "values": showing.values,
        "percent": showing.percent,
    }
    environment.filters |= {
        "money": _money,
        "moment": showing.moment,
        "size": showing.size,
        "number": showing.number,
        "short": showing.short,
        "segment": partial(quote, safe=""),
        "markdown": markdown.html,
        "prose": fitting.prose,
        "within": fitting.within,
        "cut": fitting.cut,
    }


def html(
    request: web.Request, template: str, context: Mapping[str, Any], *, session: Session | None, status: int = 200
) -> web.Response:
    """Return a template as a page in the reader's language; where there is none, what the page has is its table."""
    lang, named = language.chosen(request), context.get("names", {})
    currency = context.get("currency", currencies.FIRST)
    told = {
        "lang": lang,
        "t": partial(language.say, lang),
        "term": partial(language.term, lang),
        "currency": currency,
        "cell": partial(showing.cell, lang=lang, names=named, currency=currency),
        "who": partial(showing.did, names=named),
        "branches": partial(_branches, lang=lang, names=named),
        "link": _link,
        "session": session,
        "menu": _menu(session),
        "here": request.rel_url.raw_path,
        "other": _in_language(request, next(name for name in language.LANGUAGES if name != lang)),
        **context,
    }
    text = aiohttp_jinja2.get_env(request.app).select_template([template + ".html", TABLE]).render(told)
    answer = web.Response(text=text, status=status, content_type="text/html", charset="utf-8", headers=HEADERS)
    if request.query.get("lang") in language.LANGUAGES:
        answer.set_cookie(language.COOKIE, lang, path=PREFIX, samesite="Strict", max_age=YEAR_SECONDS)
    return answer


def as_json(data: Any) -> web.Response:
    """Return a page's `.json` twin."""
    return web.Response(body=orjson.dumps(data), content_type="application/json", headers=HEADERS)


def as_csv(page: Page, data: Mapping[str, Any]) -> web.Response:
    """Return the `.csv` twin of a page's table."""
    held = io.StringIO()
    writer = csv.writer(held, lineterminator="\r\n")
    writer.writerow([column.name for column in page.columns])
    for row in data["rows"]:
        writer.writerow([_plain(row.get(column.name)) for column in page.columns])
    name = {"Content-Disposition": f'attachment; filename="{page.name}.csv"'}
    return web.Response(text=held.getvalue(), content_type="text/csv", charset="utf-8", headers={**HEADERS, **name})


@jinja2.pass_context
def _money(context: jinja2.runtime.Context, minor: Any, currency: str = "") -> str:
    """Return an amount as people write it, of the space's currency unless another is named."""
    return showing.money(minor, currency or context["currency"])


@jinja2.pass_context
def _by_day(context: jinja2.runtime.Context, days: Sequence[Mapping[str, str]], title: str) -> str:
    """Return amounts by day as a drawing."""
    shown = partial(showing.money, currency=context["currency"])
    return plots.bars([(row["day"][5:], int(row["amount"])) for row in days], title, shown)


def _by_group(groups: Sequence[tuple[str, float]], title: str) -> str:
    """Return numbers of groups as a drawing."""
    return plots.bars([(fitting.cut(label, LABEL_CHARACTERS), amount) for label, amount in groups], title)


def _beside(row: Mapping[str, str], title: str, ours: str, theirs: str) -> str:
    """Return an indicator beside the national survey's figure as a drawing; nothing where either is none.

    Shares are held beside shares: three members beside a province's four hundred say nothing.
    """
    if row["unit"] not in SHARES:
        return ""
    try:
        values = float(row["value"]), float(row["beside"])
    except ValueError:
        return ""
    told = [
        (label, f"{value} {row['unit']}".strip()) for label, value in ((ours, row["value"]), (theirs, row["beside"]))
    ]
    return plots.pair(*values, told, title)


def _branches(
    holders: Sequence[Mapping[str, Any]], lang: str, names: Mapping[str, str]
) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return holders with those below them as a tree has them: name and state in words."""

    def told(row: Mapping[str, Any]) -> tuple[str, str]:
        return showing.did(row["peer"], names), language.term(lang, "state", row["state"])

    return [(*told(row), [told(child) for child in row["below"]]) for row in holders]


def _plain(value: Any) -> str:
    if isinstance(value, list):  # of the bars of a drawing
        value = "; ".join(plots.told(called, share) for called, share in value)
    text = "" if value is None else str(value)
    return "'" + text if text.startswith(FORMULAS) else text


def _link(pattern: str, row: Mapping[str, Any]) -> str:
    """Return where a cell leads: the column's pattern with the row's members in place."""
    return PREFIX + pattern.format_map({name: quote(str(value), safe="") for name, value in row.items()})


def _menu(session: Session | None) -> list[tuple[str, list[Page]]]:
    """Return the groups of the menu, each with the pages that an account may see; those without any are left out."""
    seen = [page for page in PAGES if session is not None and page.menu and page.roles & session.roles]
    groups = [(group, [page for page in seen if page.menu == group]) for group in GROUPS]
    return [(group, pages) for group, pages in groups if pages]


def _in_language(request: web.Request, lang: str) -> str:
    """Return this page's address in another language."""
    asked = [(name, value) for name, value in request.query.items() if name != "lang"]
    return request.rel_url.raw_path + "?" + urlencode([*asked, ("lang", lang)])
