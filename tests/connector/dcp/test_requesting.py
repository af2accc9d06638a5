"""What a holder does with its requests by itself: it gives up what never came, and asks again for what ends."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest_asyncio

from connector.operation.dcp.requesting import Requesting
from connector.runtime.clock import SetClock
from connector.store.rows.credential import CredentialOfferRow, CredentialRequestRow, CredentialRow, RequestState
from connector.store.store import Store
from connector.store.tables import TABLES
from tests.connector.identity.test_tokens import NOW

ISSUER, OTHER = "did:web:issuer.example", "did:web:other.example"
DAY = timedelta(days=1)


@pytest_asyncio.fixture
async def requesting(tmp_path):
    store = await Store.open(tmp_path / "penstock.db", TABLES)
    core = SimpleNamespace(store=store, clock=SetClock(NOW))
    made = Requesting(core, None, None)
    made.store, made.again = store, []

    async def ask(types, issuer, profile):
        made.again.append((issuer, profile, types))

    made.request = ask
    yield made
    await store.close()


def request(name, created, state=RequestState.RECEIVED, issuer=ISSUER):
    about = {"wanted": ["A"], "place": "", "reason": "", "updated": created}
    return CredentialRequestRow(id=name, issuer=issuer, state=state, created=created, **about)


def held(kind, begins, ends, issuer=ISSUER):
    about = {"profile": "p", "name": "", "request": "", "raw": "", "received": begins}
    return CredentialRow(id=f"{issuer}{kind}", issuer=issuer, type=kind, begins=begins, ends=ends, **about)


async def insert(requesting, *rows):
    await requesting.store.write(lambda tx: [tx.insert(row) for row in rows])


async def test_what_was_taken_and_never_delivered_is_given_up(requesting):
    old, young = request("old", NOW - 8 * DAY), request("young", NOW - 6 * DAY)
    await insert(requesting, old, young, request("issued", NOW - 8 * DAY, RequestState.ISSUED))
    await requesting.renew()
    states = {one["request"]: (one["state"], bool(one["reason"])) for one in await requesting.page()}
    assert states == {"old": ("REJECTED", True), "young": ("RECEIVED", False), "issued": ("ISSUED", False)}


async def test_what_ends_or_is_offered_anew_is_asked_for_again_and_not_of_who_was_asked_lately(requesting):
    ending, fresh = (NOW - 80 * DAY, NOW + 10 * DAY), (NOW - DAY, NOW + 89 * DAY)
    offer = {"id": "1", "reason": "", "received": NOW}
    await insert(requesting, held("A", *ending), held("B", *fresh), held("C", *fresh), held("D", *fresh, OTHER))
    await insert(requesting, CredentialOfferRow(issuer=ISSUER, type="C", **offer))
    await insert(requesting, request("long ago", NOW - DAY, RequestState.ISSUED))
    await requesting.renew()
    assert requesting.again == [(ISSUER, "p", ["A", "C"])]
    await insert(requesting, request("now", NOW, RequestState.ISSUED))
    await requesting.renew()
    assert len(requesting.again) == 1
