"""A stranger's Markdown on a page: shown, and never HTML, never fetched, never slow."""

from __future__ import annotations

import re

import pytest

from catalog.about import DESCRIPTION_CHARACTERS_MAX
from connector.console.markdown import REL, html
from tests.effort import within

WITHIN_SECONDS = 1.0
PAGE_BYTES_MAX = 60_000


def test_what_people_write_is_shown():
    shown = html("# A\n\n**b** [c](https://example.org/d)\n\n- e\n\n| f | g |\n|---|---|\n| 1 | 2 |\n")
    for part in ("<h3>A</h3>", "<strong>b</strong>", "<li>e</li>", "<td>1</td>"):
        assert part in shown
    assert f'<a href="https://example.org/d" rel="{REL}" target="_blank">c</a>' in shown


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "a <b onmouseover=alert(1)>b</b>",
        "![x](https://example.org/pixel.png)",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](//example.org)",
        "[x](/console/acts/product-unpublish)",
        "<javascript:alert(1)>",
        '[x](https://example.org "\\" onclick=alert(1) \\"")',
        "[x]: javascript:alert(1)\n\n[x]",
        "```html\n<script>alert(1)</script>\n```",
        "&#60;script&#62;alert(1)&#60;/script&#62;",
    ],
)
def test_nothing_of_it_is_html_or_fetched(text):
    shown = str(html(text))
    tags = re.findall(r"<[^>]*>", shown)
    assert {re.match(r"</?(\w*)", tag)[1] for tag in tags} <= {"p", "a", "pre", "code"}
    for tag in tags:
        assert not re.search(r"\son\w+=(?![^\"]*\")", re.sub(r'"[^"]*"', '""', tag)), tag
        assert "src=" not in tag
        for address in re.findall(r'href="([^"]*)"', tag):
            assert address.startswith(("https://", "http://", "mailto:"))


def table(columns, rows, row="|\n"):
    """A table of so many columns; each row is filled up to them."""
    return "|" + "a|" * columns + "\n|" + "-|" * columns + "\n" + row * rows


@pytest.mark.parametrize(
    "text",
    [
        table(2400, 200), table(50, 4900), table(500, 3900, "a\n"), table(2, 4000, "b\n"), table(1600, 1000, " |\r"),
        "> " + table(500, 2000, "> |\n"), table(9, 3000, "\v|\n"), table(60, 30) + "\n\n" + table(60, 300),
    ],
)  # fmt: skip
def test_a_table_of_any_shape_is_shown_soon_and_small(text):
    with within(WITHIN_SECONDS):
        shown = html(text[:DESCRIPTION_CHARACTERS_MAX])
    assert len(shown) < PAGE_BYTES_MAX


def test_a_table_that_somebody_reads_is_one():
    assert "<td>b</td>" in html(table(2, 300, "|b|c|\n"))
    assert "<table>" not in html(table(2, 1500, "|b|\n"))


@pytest.mark.parametrize("part", ["[", "![", "> ", "- ", "*", "_a_ ", "`", "|", "<", "&#", "[a](", "\\", "#"])
def test_the_longest_text_is_shown_soon(part):
    with within(WITHIN_SECONDS):
        html((part * DESCRIPTION_CHARACTERS_MAX)[:DESCRIPTION_CHARACTERS_MAX])
