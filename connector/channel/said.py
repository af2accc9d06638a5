"""What a side says by a window: each message as it follows from the row that holds it (spec 4, messages 2 to 5).

Law: nothing is signed here; what is said again after a crash has the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.channel.messages import OfferMessage, RefusalMessage, ReleaseMessage, VoucherMessage

if TYPE_CHECKING:
    from connector.store.rows.channel import WindowRow


def offered(window: WindowRow) -> OfferMessage:
    """Return message 2."""
    assert window.offer is not None
    assert window.offer_signature is not None
    return OfferMessage(window.offer, window.offer_signature, window.sealed_keys)


def paid(window: WindowRow) -> VoucherMessage:
    """Return message 3, or 5 of a window that is `closing`."""
    assert window.voucher is not None
    assert window.voucher_signature is not None
    return VoucherMessage(window.voucher, window.voucher_signature)


def released(window: WindowRow) -> ReleaseMessage:
    """Return message 4: the preimage with its receipt."""
    assert window.secret is not None
    assert window.receipt is not None
    assert window.receipt_signature is not None
    return ReleaseMessage(window.secret, window.receipt, window.receipt_signature)


def refused(window: WindowRow) -> RefusalMessage:
    """Return the signed no in the place of message 4."""
    assert window.refusal is not None
    assert window.refusal_signature is not None
    return RefusalMessage(window.refusal, window.refusal_signature, window.code, window.reasons)
