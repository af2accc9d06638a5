"""A ruling in words: what lets nothing flow says why."""

from __future__ import annotations

import pytest

from connector.enforcement.ruling import Ruling, why_not


@pytest.mark.parametrize(
    ("outcome", "reasons", "words"),
    [
        ("allow", ["never read"], ""),
        ("conditional", ["never read"], ""),
        ("deny", ["too late", "too far"], "too late; too far"),
        ("default-deny", [], "default-deny"),
    ],
)
def test_what_lets_nothing_flow_says_why(outcome, reasons, words):
    told = tuple({"text": text} for text in reasons)
    assert why_not(Ruling(outcome, {}, told)) == words
