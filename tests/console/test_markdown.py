"""A stranger's Markdown on a page: shown, and never HTML, never fetched, never slow."""

from __future__ import annotations

import re
import time

import pytest

from catalog.about import DESCRIPTION_CHARACTERS_MAX
from connector.console.markdown import REL, html

WITHIN_SECONDS = 1.0


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


@pytest.mark.parametrize("part", ["[", "![", "> ", "- ", "*", "_a_ ", "`", "|", "<", "&#", "[a](", "\\", "#"])
def test_the_longest_text_is_shown_soon(part):
    began = time.process_time()
    html((part * DESCRIPTION_CHARACTERS_MAX)[:DESCRIPTION_CHARACTERS_MAX])
    assert time.process_time() - began < WITHIN_SECONDS
