"""The status lists of an issuer: made once for many readers, and anew as soon as something is revoked."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from connector.exchange.status_lists import NEXT, StatusLists
from connector.runtime.clock import SetClock
from connector.runtime.errors import Absent
from connector.runtime.limits import STATUS_SECONDS
from contracts.credential import status_list
from tests.connector.identity.test_tokens import NOW


class Issued:
    """A store with credentials on one list; `revoked` are places."""

    revoked = ()

    async def read(self, act):
        return act(SimpleNamespace(column=lambda query, *_: [9] if query == NEXT else list(self.revoked)))


async def test_a_list_is_made_once_and_anew_when_something_is_revoked_or_time_has_passed():
    signed, store, clock = [], Issued(), SetClock(NOW)
    key = SimpleNamespace(kid="did:web:issuer.example#credential")
    identity = SimpleNamespace(url="https://issuer.example", did="did:web:issuer.example", credential=key)
    core = SimpleNamespace(store=store, clock=clock, identity=identity)
    lists = StatusLists(core, lambda _profile, payload: signed.append(payload) or f"jwt {len(signed)}")
    assert [await lists.told("vc20-bssl", 0, signs=True) for _ in range(3)] == ["jwt 1"] * 3
    plain = await lists.told("vc20-bssl", 0, signs=False)
    assert not status_list.is_set(status_list.read(plain["credentialSubject"]["encodedList"]), 7)
    store.revoked = (7,)
    assert await lists.told("vc20-bssl", 0, signs=True) == "jwt 2"
    plain = await lists.told("vc20-bssl", 0, signs=False)
    assert status_list.is_set(status_list.read(plain["credentialSubject"]["encodedList"]), 7)
    assert (await lists.told("vc11-sl2021", 0, signs=True), len(signed)) == ("jwt 3", 3)
    clock.move(STATUS_SECONDS)
    assert await lists.told("vc20-bssl", 0, signs=True) == "jwt 4"
    key.kid += "-2"
    assert await lists.told("vc20-bssl", 0, signs=True) == "jwt 5"
    for alias, number in (("vc20-bssl", 1), ("vc", 0), ("", 5)):
        with pytest.raises(Absent):
            await lists.told(alias, number, signs=True)
