"""Who has a member's address, or the TLS key of it, and none of its other keys: what it proves in that member's name.

The member is reached through a proxy of the test, which from then on shows the thief's DID document to everybody.
"""

from __future__ import annotations

import asyncio
import json
from typing import ClassVar

import pytest
import pytest_asyncio

from connector.identity import keys as key_files
from connector.identity import tokens, vouching
from connector.identity.keys import TOKEN, Signer
from connector.runtime.clock import Clock
from connector.runtime.errors import PenstockError
from tests.api.proxy import proxied
from tests.api.space import Space

pytestmark = pytest.mark.asyncio(loop_scope="session")

DOCUMENT = "/.well-known/did.json"
WITHIN_SECONDS = 20


class Demanding(Space):
    """Others do not demand signed keys, `wary` does."""

    kinds: ClassVar = {**Space.kinds, "wary": "buyer"}

    def prepare(self, roles, public=None):
        ports = super().prepare(roles, public)
        path = self.folder / "wary" / "penstock.toml"
        path.write_text(path.read_text().replace("signed_keys = false", "signed_keys = true"))
        return ports


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def proxy():
    async with proxied() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def space(tmp_path_factory, proxy):
    """Exchange, a provider behind the proxy, a buyer who has bought of it, and another who has not."""
    made = Demanding(tmp_path_factory.mktemp("address"), Clock().now)
    roles = ("exchange", "second", "buyer", "other", "wary")
    proxy.target = made.prepare(roles, {"second": proxy.url})["second"]
    try:
        await made.start()
        await made.publish("second", "before", (70_000,))
        await made.get("before")
        await made.complete("before")
        yield made
    finally:
        await made.stop()


@pytest.fixture(scope="module")
def thief(space, tmp_path_factory):
    """Return the thief's keys, and the signer that proves by them in the member's name."""
    folder = tmp_path_factory.mktemp("thief") / "keys"
    key_files.create(folder)
    own = key_files.load(folder)
    return own, Signer(own.token, f"{space.did('second')}#token-2")


@pytest.fixture(params=[False, True], ids=["its key unsigned", "its key signed by a log of its own"])
def astray(request, proxy, thief):
    """Lead everybody to the member's document with the thief's key in it, before those of the member."""
    own, signer = thief
    did, key = signer.did, own.public(TOKEN)
    key = vouching.vouched(did, own.log, key) if request.param else key

    def spoil(asked, body):
        if asked.path != DOCUMENT:
            return body
        shown = json.loads(body)
        method = {"id": signer.kid, "type": "JsonWebKey2020", "controller": did, "publicKeyJwk": key}
        shown["verificationMethod"].insert(0, method)
        for relation in ("authentication", "capabilityInvocation", "assertionMethod"):
            shown[relation].insert(0, signer.kid)
        return json.dumps(shown).encode()

    proxy.spoil = spoil
    yield
    proxy.calm()


unsigned = pytest.mark.parametrize("astray", [False], indirect=True)


async def asks(space, role, signer):
    """Call a participant as whoever has this key; return the status."""
    token = tokens.issue(signer, space.did(role), space.now())
    headers = {"Authorization": tokens.SCHEME + token}
    try:
        await space.outbound.request("GET", f"{space.url(role)}/traces/{'0' * 32}", headers=headers)
    except PenstockError as refused:
        return refused.status
    return 200


def member(space):
    return Signer(space.keys("second").token, f"{space.did('second')}#token")


@pytest.mark.parametrize("role", ["exchange", "buyer"])
async def test_who_has_the_address_alone_proves_nothing_where_the_member_was_met(space, thief, astray, role):
    assert await asks(space, role, thief[1]) == 401
    await space.people[role].kill()
    await space.people[role].start(space.environment)
    assert await asks(space, role, thief[1]) == 401, "it is remembered over a start"


@unsigned
async def test_the_member_itself_goes_on_when_others_are_led_to_it_again(space, proxy, astray):
    await space.people["buyer"].stop()
    await space.people["buyer"].start(space.environment)
    assert await asks(space, "buyer", member(space)) == 401, "nobody can be told from the thief for so long"
    proxy.calm()
    async with asyncio.timeout(WITHIN_SECONDS):
        while await asks(space, "buyer", member(space)) == 401:
            await asyncio.sleep(0.5)
    await space.publish("second", "after", (70_000,))
    await space.get("after")
    await space.complete("after")


@unsigned
async def test_who_never_read_the_member_s_document_believes_what_it_is_shown_first(space, thief, astray):
    """What the pin does not do: the registry names no token key."""
    assert await asks(space, "other", thief[1]) == 404
    assert await asks(space, "wary", thief[1]) == 401, "it demands the signature of all"


async def test_who_demands_the_signature_buys_as_others_do(space):
    await space.get("before", role="wary")
    await space.complete("before", role="wary")
