"""Forged tokens over the wire: nobody is let in, nothing is looked up for them, and a good token is used once.

That it stays used after a restart is in tests/api/test_tokens.py.
"""

from __future__ import annotations

import asyncio
import sys

import pytest

from connector.identity import tokens
from connector.runtime.data_folder import DATABASE
from tests.api.test_dsp_faults import is_error
from tests.hostile.host import HOST, SEALED
from tests.hostile.tokens import ATTACKS, told_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

DATASET, SEARCH = f"/dsp/catalog/datasets/{SEALED}", "/exchange/search?q=sealed"
HEADER_BYTES_MAX = 8_000
# a second process on the same database uses a token up, as a connector that was started twice would
SPEND = """
import asyncio, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from connector.identity.tokens import Claims, remember
from connector.store.store import Store
from connector.store.tables import TABLES

async def spend(path, issuer, jti):
    store, now = await Store.open(Path(path), TABLES), datetime.now(UTC)
    claims = Claims(issuer, "", jti, now, now + timedelta(minutes=5), None)
    await store.write(lambda tx: remember(tx, claims))
    await store.close()

asyncio.run(spend(*sys.argv[1:]))
"""


def bearer(token):
    return {"Authorization": tokens.SCHEME + token}


async def test_every_forged_token(host, say, forger, unchanged):
    wrong = []
    for name, forge in ATTACKS.items():
        for path, status in ((DATASET, 404), (SEARCH, 401)):
            token = forge(forger)
            said = await say("GET", path, None, bearer(token))
            if len(token) > HEADER_BYTES_MAX:
                assert said.status == 400, name  # no header of HTTP is so long
            elif (said.status, said.json["code"]) != (status, told_of(name)):
                wrong.append((name, path, said))
    assert not wrong


async def test_a_forged_token_costs_no_look_at_anything_it_names(host, say, forger, third, unchanged):
    """The keys that a token brings or points at are not fetched; nothing but issuers' documents ever is."""
    for header in ({"jku": third.url + "/keys"}, {"x5u": third.url + "/certificate"}, {"kid": third.url + "/key"}):
        is_error(await say("GET", DATASET, None, bearer(forger.token(header))), 404, DATASET, "token")
    assert third.heard.empty()


async def test_the_honest_token_beside_them_is_good(host, say, forger):
    assert (await say("GET", DATASET, None, bearer(forger.token()))).status == 200


async def test_a_token_is_used_once_however_many_ask_at_once(host, say, forger):
    once = bearer(forger.token(claims={"jti": "at-once"}))
    said = await asyncio.gather(*(say("GET", DATASET, None, once) for _ in range(20)))
    assert sorted(each.status for each in said) == [200] + [404] * 19
    for each in said:
        if each.status == 404:
            is_error(each, 404, DATASET, "token")


async def test_another_form_of_the_same_token_is_the_same_token(host, say, forger):
    """ECDSA signatures can be made anew, with the key or without it; what is used up is the `jti`."""
    assert (await say("GET", DATASET, None, bearer(forger.token(claims={"jti": "twice"})))).status == 200
    for change in ({}, {"nbf": forger.at}, {"exp": forger.at + 100}):
        again = forger.token(claims={"jti": "twice"} | change)
        is_error(await say("GET", DATASET, None, bearer(again)), 404, DATASET, "token")


async def test_a_token_that_another_process_used_up_is_used_up(host, say, forger):
    database = str(host.people[HOST].data / DATABASE)
    command = (sys.executable, "-c", SPEND, database, forger.did, "elsewhere")
    assert await (await asyncio.create_subprocess_exec(*command)).wait() == 0
    once = bearer(forger.token(claims={"jti": "elsewhere"}))
    is_error(await say("GET", DATASET, None, once), 404, DATASET, "token")
