"""Findings about money are read as money; what is none stays what it is."""

from __future__ import annotations

import pytest

from ledger.audit.report import Finding
from ledger.audit.words import CODES


@pytest.mark.parametrize(
    ("code", "facts", "words"),
    [
        (
            "over-price-cap",
            {"agreement": "a", "mine": "1250", "theirs": "1000"},
            "charged 12.50, over its cap of 10.00",
        ),
        (
            "order-unpaid",
            {"complaint": "c", "amount": "5", "due": "2026-12-01", "given": "0"},
            "orders 0.05 given back",
        ),
        ("amount-differs-from-tariff", {"seq": "1", "mine": "7", "theirs": "unknown"}, "charges 0.07, the agreed"),
    ],
)
def test_an_amount_is_written_as_people_write_it(code, facts, words):
    finding = Finding(code, "did:web:a", {"event": "x", **facts})
    assert words in finding.text()
    assert "!m" not in finding.text("zh")


def test_no_sentence_counts_hundredths():
    assert not [code for code, row in CODES.items() if "hundredths" in row[1] or "百分之一" in row[2]]
