"""A bill as a person files it."""

from __future__ import annotations

import json

import pytest

from connector.cli import bill
from connector.provider.billing import printed
from connector.runtime.errors import InvalidInput
from ledger.agreement import bill as bills
from tests.channel.rig import KEPT

KEY = "3e" * 32
BILL = {
    "bill": {
        "provider": "did:web:provider.example",
        "buyer": "did:web:buyer.example",
        "terms": KEPT.json(),
        "quantity": "12",
        "amount": "60",
        "shares": {},
        "lines": [{name: f"{name} of a line" for name in printed.LINE}],
    },
    "issuer": "did:web:provider.example",
    "at": "2026-11-01T00:00:00Z",
}


def test_the_page_says_which_agreement_is_billed(tmp_path):
    bill._write(tmp_path / "bill.html", BILL, KEY)
    page = (tmp_path / "bill.html").read_text()
    assert f"<tr><th>agreement · 合同</th><td>{KEY}</td></tr>" in page
    assert all(f"<td>{name} of a line</td>" in page for name in printed.LINE)


def test_the_page_holds_the_document_unseen(tmp_path):
    told = BILL | {"issuer": 'did:web:<script>&amp;"quoted"</template>'}
    bill._write(tmp_path / "bill.html", told, KEY)
    page = (tmp_path / "bill.html").read_bytes()
    assert json.loads(printed.document_in(page)) == told
    assert b"<script" not in page
    assert printed.document_in(b"<!doctype html><p>no bill</p>") is None


def test_a_page_that_shows_another_sum_than_its_bill_is_told(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(bills, "parse", lambda document: document)
    bill._write(tmp_path / "bill.html", BILL, KEY)
    page = (tmp_path / "bill.html").read_text()
    for form, content, told in (
        (bill.AS_PAGE, page, ""),
        (bill.AS_PAGE, "\ufeff" + page, ""),
        (bill.AS_PAGE, page.replace("amount of a line", "nothing", 1), "only the bill in it was checked"),
        (bill.AS_JSON, json.dumps(BILL), ""),
        (bill.AS_JSON, "\ufeff" + json.dumps(BILL), ""),
    ):
        (tmp_path / "shown").write_text(content)
        assert bill._read(tmp_path / "shown") == (BILL, form)
        assert told in (err := capsys.readouterr().err)
        assert bool(told) == bool(err)
    bill._write(tmp_path / "bill.csv", BILL, KEY)
    with pytest.raises(InvalidInput, match="no signature"):
        bill._read(tmp_path / "bill.csv")


def test_a_page_without_its_bill_is_refused(tmp_path):
    (tmp_path / "bill.html").write_text("<!doctype html><p>no bill</p>")
    with pytest.raises(InvalidInput, match="without its bill"):
        bill._read(tmp_path / "bill.html")
