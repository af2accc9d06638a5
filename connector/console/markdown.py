"""A stranger's Markdown as a page shows it: headings, lists, emphasis, tables, code, links that lead away.

Law: nothing of it is HTML, and nothing in it is fetched: tags are shown as text, a picture is its words, a link has an
address of the web or of mail, is followed by whoever clicks, and tells nobody where from. What is too long to be read
through was refused where it was said (`catalog.about`): reading takes time with the square of the length. Tables with
more cells than anybody reads are shown as they were typed.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

REL = "noopener noreferrer nofollow ugc"
SCHEMES = ("https://", "http://", "mailto:")
NESTING_MAX = 20  # of quotes and lists in each other
CELLS_MAX = 2_000  # of all tables; ten thousand characters could ask for sixty thousand cells, and a page of 700 kB
BETWEEN = re.compile(r"\n[ \t]*\n")  # what ends a table at the latest
HEADINGS_BELOW = 2  # the page's own stand above what is shown in it


def html(text: str, below: int = HEADINGS_BELOW, quoted: int = 0) -> Markup:
    """Return Markdown as HTML that may stand in a page: headings so much `below`, those in quotations `quoted` more."""
    reader = _read_by(text)
    found = reader.parse(text)
    _tame(found, below, quoted)
    return Markup(reader.renderer.render(found, reader.options, {}))  # noqa: S704  # the renderer escapes all text


def tokens(text: str) -> list[Token]:
    """Return Markdown as it is read, for who makes another form of it."""
    return _read_by(text).parse(text)


def _read_by(text: str) -> MarkdownIt:
    return _reader(tables=_cells(text) <= CELLS_MAX)


def _cells(text: str) -> int:
    """Return how many cells the tables of a text may have at most: a row is filled up to the width of its head."""
    found = 0
    for block in BETWEEN.split(text):
        rows = block.split("\n")
        found += len(rows) * (max(row.count("|") for row in rows) + 1) if "|" in block else 0
    return found


@cache
def _reader(*, tables: bool) -> MarkdownIt:
    from markdown_it import MarkdownIt  # noqa: PLC0415  # a connector that shows no page does not load it

    reader = MarkdownIt("commonmark", {"html": False, "linkify": False, "maxNesting": NESTING_MAX})
    (reader.enable if tables else reader.disable)("table")
    reader.disable(["image", "html_block", "html_inline"])
    vars(reader)["validateLink"] = _leads_away  # where the library looks for it
    return reader


def _leads_away(address: str) -> bool:
    return address.strip().lower().startswith(SCHEMES)


def _tame(tokens: list[Token], below: int, quoted: int) -> None:
    quotations = 0
    for token in tokens:
        quotations += token.nesting if token.tag == "blockquote" else 0
        if token.tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            token.tag = f"h{min(int(token.tag[1]) + below + (quoted if quotations else 0), 6)}"
        if token.type == "link_open":
            token.attrSet("rel", REL)
            token.attrSet("target", "_blank")
        _tame(token.children or [], below, quoted)
