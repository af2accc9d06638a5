"""What a buyer signs of a provider's receipts: what it was answered, and no more."""

from __future__ import annotations

import pytest

from connector.consumer.line_receipts import require
from contracts.errors import ContractError
from contracts.tariff import Tariff

PRICE = 250


def tariff(**more):
    return Tariff.from_json({"minor": str(PRICE), "currency": "CNY", "unit": "query", "per": "1", **more})


def receipts(*amounts):
    return [{"amount": str(one)} for one in amounts]


def test_receipts_come_to_no_more_than_the_answers_that_are_here():
    require(tariff(), receipts(500), 2)
    require(tariff(), receipts(250, 500), 3)
    for more, answered in ((receipts(501), 2), (receipts(250, 500), 2), (receipts(1), 0)):
        with pytest.raises(ContractError):
            require(tariff(), more, answered)
