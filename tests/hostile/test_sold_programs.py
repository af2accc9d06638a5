"""A program that is sold is listed as the one that both sides will sign, or not at all."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from connector.exchange import handed_in
from connector.runtime.errors import InvalidInput
from contracts.application import Application
from tests.hostile.test_flood import document

SOLD = Application("sha-256:" + "ab" * 32, ("age",), (("mean", 0.0, 1.0),)).json()
OTHER = {**SOLD, "program": "sha-256:" + "cd" * 32}


def handed(listed, signed):
    made = document("a")
    dataset, offer = dict(made["dataset"]), dict(made["offer"])
    dataset |= {"application": listed} if listed else {}
    offer["terms"] = dict(offer["terms"]) | ({"application": signed} if signed else {})
    return {**made, "dataset": dataset, "offer": offer}


@pytest.mark.parametrize(("listed", "signed"), [(SOLD, OTHER), (SOLD, None), (None, SOLD)])
def test_the_list_names_the_program_that_is_signed(listed, signed, monkeypatch):
    monkeypatch.setattr(handed_in, "read_header", lambda _header: SimpleNamespace(edition_id=lambda: b"\xab" * 32))
    assert handed_in.listing(handed(SOLD, SOLD))["dataset"]["application"] == SOLD
    with pytest.raises(InvalidInput, match="of another program"):
        handed_in.listing(handed(listed, signed))
