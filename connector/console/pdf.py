"""A text of Markdown as a PDF, for who files it or signs on paper: headings, clauses and their parts, numbered pages.

Law: (1) the same text makes the same bytes, so two parties can compare theirs. (2) Nothing of the text is left out: a
character that neither font has stands as its code point, `[U+1F600]`. (3) Nothing is fetched, and no tag in the text
counts. What is not Latin is set in STSong, which is not in the file: who reads it has a Song of its own in its place.
"""

from __future__ import annotations

import io
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Final

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import cidfonts, pdfmetrics
from reportlab.platypus import Paragraph, SimpleDocTemplate

from connector.console.markdown import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token
    from reportlab.pdfgen.canvas import Canvas
    from reportlab.platypus import BaseDocTemplate

LATIN, SONG, CODE = "Times-Roman", "STSong-Light", "Courier"
# what each font has: the characters of these encodings
FONTS: Final = ((LATIN, "cp1252"), (SONG, "gbk"))
# points: of headings by their tag, of all else; around a page; of what stands below something
SIZES: Final = {"h1": 18.0, "h2": 13.0}
SIZE: Final = 10.5
MARGIN: Final = 62
EDGES: Final = ("leftMargin", "rightMargin", "topMargin", "bottomMargin")
INDENT: Final = 16
LEADING: Final = 1.45
# a mark within a line → what the library calls it
MARKS: Final = {"strong_open": "<b>", "strong_close": "</b>", "em_open": "<i>", "em_close": "</i>"}


def pdf(text: str, lang: str) -> bytes:
    """Return a text of ours, headings and lists of plain marks, as a PDF."""
    pdfmetrics.registerFont(cidfonts.UnicodeCIDFont(SONG))
    found = tokens(text)
    title = next(one.content for one in found if one.type == "inline")
    file = io.BytesIO()
    made = SimpleDocTemplate(file, pagesize=A4, title=title, lang=lang, invariant=True, **dict.fromkeys(EDGES, MARGIN))
    made.build(list(_paragraphs(found, lang)), onFirstPage=_numbered, onLaterPages=_numbered)
    return file.getvalue()


def _paragraphs(found: list[Token], lang: str) -> Iterator[Paragraph]:
    """Set each line of the text, as deep as the lists are that it stands in."""
    depth, heading = 0, ""
    for token in found:
        if token.type in {"bullet_list_open", "bullet_list_close"}:
            depth += token.nesting
        elif token.type == "heading_open":
            heading = token.tag
        elif token.type == "inline":
            size = SIZES.get(heading, SIZE)
            style = ParagraphStyle(
                heading or "body",
                fontName=LATIN,
                fontSize=size,
                leading=size * LEADING,
                leftIndent=INDENT * max(depth - 1, 0),
                spaceBefore=size if heading else 0,
                spaceAfter=SIZE * 0.4,
                keepWithNext=bool(heading),
                wordWrap="CJK" if lang == "zh" else None,
            )
            yield Paragraph("".join(map(_marked, token.children or [])), style)
            heading = ""


def _marked(token: Token) -> str:
    """Return a part of a line as the library reads it."""
    if token.type in {"softbreak", "hardbreak"}:
        return "<br/>"
    if token.type == "code_inline":
        return _set(token.content, CODE)
    return MARKS.get(token.type) or _set(token.content)


def _set(text: str, latin: str = LATIN) -> str:
    """Return words, each run of them in the font that has it."""
    shown = "".join(one if _font(one) else f"[U+{ord(one):04X}]" for one in text)
    runs = (("" if font == LATIN else font, escape("".join(run), quote=False)) for font, run in groupby(shown, _font))
    return "".join(f'<font name="{font or latin}">{run}</font>' for font, run in runs)


def _font(character: str) -> str:
    return next((font for font, encoding in FONTS if _has(encoding, character)), "")


def _has(encoding: str, character: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return character.isprintable()


def _numbered(canvas: Canvas, made: BaseDocTemplate) -> None:
    canvas.setFont(LATIN, SIZE)
    canvas.drawCentredString(made.pagesize[0] / 2, MARGIN / 2, str(canvas.getPageNumber()))
