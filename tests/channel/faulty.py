"""What the tests of refusals share."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.channel.errors import FAULTS, ChannelFault
from contracts import signature
from contracts.typed_data import digest
from tests.channel.rig import CHANNELS, PAYEE_KEY, PAYER_KEY, REGISTRY


def refused(code, db, act):
    """Run an act that must be refused with a code and must change nothing."""
    before = db.dump()
    with pytest.raises(ChannelFault) as refusal:
        act()
    assert refusal.value.code == code
    assert refusal.value.whose == FAULTS[code].whose
    assert db.dump() == before
    return refusal.value


def signed(value, key=PAYER_KEY, domain=CHANNELS):
    return signature.sign(digest(domain, value), key)


def one(request, **changes):
    return replace(request, orders=(replace(request.orders[0], **changes),))


def resigned(message, key=PAYEE_KEY, domain=REGISTRY, **changes):
    offer = replace(message.offer, **changes)
    return replace(message, offer=offer, signature=signed(offer, key, domain))
