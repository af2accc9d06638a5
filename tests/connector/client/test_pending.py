"""What waits for another operator's assent, as a person reads it."""

from __future__ import annotations

import json

import pytest

from connector.api.pages import governed
from connector.client.acts import operators


@pytest.mark.parametrize(("told", "read"), [("100000", "1000.00"), ("5", "0.05"), ("12.50", "12.50"), (None, None)])
def test_an_amount_reads_as_money(told, read):
    body = {"did": "did:web:a", "amount": told}
    assert json.loads(operators._with({"path": {"id": "x"}, "body": body})) == {"id": "x", **body, "amount": read}
    assert governed._said(body) == body | {"amount": read}


def test_an_act_without_a_body_is_told_by_its_path():
    assert json.loads(operators._with({"path": {"id": "x"}, "body": None})) == {"id": "x"}
    assert governed._said(None) is None
