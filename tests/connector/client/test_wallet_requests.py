"""What the exchange does about a request of a wallet, as it is typed."""

from __future__ import annotations

from connector.client.acts.wallet import _next
from contracts.decimals import read_typed


def test_the_amount_to_credit_reads_as_money_and_is_typed_as_it_reads():
    row = {"state": "asked", "reference": "R-1", "member": "did:web:a", "amount": "100005"}
    (line,) = _next({"requests": [row]})
    assert line == "  when paid: penstock exchange credit did:web:a 1000.05 --reference R-1"
    assert read_typed("1000.05", "amount").minor == 100005
