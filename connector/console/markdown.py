"""A stranger's Markdown as a page shows it: headings, lists, emphasis, tables, code, links that lead away.

Law: nothing of it is HTML, and nothing in it is fetched: tags are shown as text, a picture is its words, a link has an
address of the web or of mail, is followed by whoever clicks, and tells nobody where from. What is too long to be read
through was refused where it was said (`catalog.about`): reading takes time with the square of the length.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

REL = "noopener noreferrer nofollow ugc"
SCHEMES = ("https://", "http://", "mailto:")
NESTING_MAX = 20  # of quotes and lists in each other
HEADINGS_BELOW = 2  # the page's own stand above what is shown in it


def html(text: str) -> Markup:
    """Return Markdown as HTML that may stand in a page."""
    reader = _reader()
    tokens = reader.parse(text)
    _tame(tokens)
    return Markup(reader.renderer.render(tokens, reader.options, {}))  # noqa: S704  # the renderer escapes all text


@cache
def _reader() -> MarkdownIt:
    from markdown_it import MarkdownIt  # noqa: PLC0415  # a connector that shows no page does not load it

    reader = MarkdownIt("commonmark", {"html": False, "linkify": False, "maxNesting": NESTING_MAX})
    reader.enable("table").disable(["image", "html_block", "html_inline"])
    vars(reader)["validateLink"] = _leads_away  # where the library looks for it
    return reader


def _leads_away(address: str) -> bool:
    return address.strip().lower().startswith(SCHEMES)


def _tame(tokens: list[Token]) -> None:
    for token in tokens:
        if token.tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            token.tag = f"h{min(int(token.tag[1]) + HEADINGS_BELOW, 6)}"
        if token.type == "link_open":
            token.attrSet("rel", REL)
            token.attrSet("target", "_blank")
        _tame(token.children or [])
