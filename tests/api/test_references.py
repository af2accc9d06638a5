"""References to data of clients of the Management API: begun in one call, and renewed."""

from __future__ import annotations

import pytest

from tests.api import test_assets as assets
from tests.api.test_assets import CONTENT, fetch, request, selects, until, write

pytestmark = pytest.mark.asyncio(loop_scope="session")

ask, source = assets.ask, assets.source  # fixtures


async def test_a_token_that_is_over_is_renewed_when_a_client_asks(space, ask, source):
    await write(ask, "edc-renewed", source)
    begun = await ask("buyer", "POST", "edrs", await request(ask, space, "edc-renewed"))
    spec = {"filterExpression": selects("contractNegotiationId", begun["@id"])}
    [entry] = await until(lambda: ask("buyer", "POST", "edrs/request", spec), bool)
    key, at = entry["@id"], f"edrs/{entry['@id']}/dataaddress"
    good = (await ask("buyer", "GET", at))["authorization"]
    # time is over for it
    address = "UPDATE transfers SET address = replace(address, ?, ?) WHERE id = ?"
    space.write("buyer", address, (good, good[::-1], key))
    assert (await fetch(await ask("buyer", "GET", at)))[0] == 401
    assert (await fetch(await ask("buyer", "GET", at + "?auto_refresh=False")))[0] == 401
    assert await fetch(await ask("buyer", "GET", at + "?auto_refresh=True")) == (200, CONTENT)
    assert (await fetch(await ask("buyer", "GET", at)))[0] == 200, "it was kept"
    space.write("buyer", address, ((await ask("buyer", "GET", at))["authorization"], good[::-1], key))
    assert (await fetch(await ask("buyer", "POST", f"edrs/{key}/refresh")))[0] == 200
    # a provider that gives none: here because it knows of no such transfer
    space.write("buyer", "UPDATE transfers SET peer_pid = 'urn:uuid:other' WHERE id = ?", (key,))
    [refusal] = await ask("buyer", "POST", f"edrs/{key}/refresh", status=409)
    assert "suspend the transfer and resume it" in refusal["message"]
    assert (await fetch(await ask("buyer", "GET", at + "?auto_refresh=True")))[0] == 200, "the one that is there"
    await ask("buyer", "POST", "edrs/urn:uuid:nobody/refresh", status=404)


async def test_a_reference_is_asked_for_in_one_call(space, ask, source):
    await write(ask, "edc-referred", source)
    begun = await ask("buyer", "POST", "edrs", await request(ask, space, "edc-referred"))
    spec = {"filterExpression": selects("contractNegotiationId", begun["@id"])}
    [entry] = await until(lambda: ask("buyer", "POST", "edrs/request", spec), bool)
    assert entry["assetId"] == "edc-referred"
    reference = await ask("buyer", "GET", f"edrs/{entry['transferProcessId']}/dataaddress")
    assert await fetch(reference) == (200, CONTENT)
