"""A space whose members' keys lie in a hardware module: all that is signed between them, and a folder that was lost."""

from __future__ import annotations

import shutil
from typing import ClassVar

import pytest
import pytest_asyncio

from connector.identity.hardware.reference import Reference
from connector.runtime.clock import Clock
from connector.runtime.data_folder import KEYS
from tests import hsm as softhsm
from tests.api.command import penstock, run
from tests.api.space import PURPOSE, Space

pytestmark = pytest.mark.asyncio(loop_scope="module")

PRODUCT = "tides"
HELD = ("token", "agreement", "log")


class Held(Space):
    """Exchange, provider and buyer; the keys of the last two are in a module."""

    kinds: ClassVar = {"exchange": "exchange", "provider": "provider", "buyer": "buyer"}

    def module(self, role):
        return "" if role == "exchange" else softhsm.uri(self.token, f"space-{role}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def space(tmp_path_factory, hsm):
    made = Held(tmp_path_factory.mktemp("held"), Clock().now)
    made.token = hsm
    made.prepare(tuple(Held.kinds))
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


async def bought(space, name):
    mandate = {"limit": "1000", "bid": None, "purpose": PURPOSE, "deposit": None}
    await space.doors["buyer"].call("POST", "acquisitions", {"id": name, "product": PRODUCT, "mandate": mandate})
    await space.complete(name)


async def listed(space, role):
    return {row["kind"]: row for row in (await penstock(space, role, "key", "list"))["keys"]}


async def test_agreements_vouchers_heads_and_transactions_are_signed_in_the_module(space):
    paths = await space.publish("provider", PRODUCT, (70_000,))
    await bought(space, PRODUCT)
    assert await space.opened(PRODUCT) == [path.read_bytes() for path in paths]
    for role in ("provider", "buyer"):
        files = {name: (space.people[role].data / KEYS / f"{name}.key").read_bytes() for name in HELD}
        assert all(Reference.read(content) for content in files.values())
        where = await listed(space, role)
        assert {where[name]["file"] for name in HELD} == {f"pkcs11:token={softhsm.TOKEN};object=space-{role}"}
        assert where["cosigner"]["file"].endswith("seed.key")
        assert not (await penstock(space, role, "log", "fsck"))["flaws"]
    told = await penstock(space, "provider", "settle")
    assert [row.get("fault") for row in told["channels"]] == [None]


async def test_a_key_of_tokens_is_replaced_within_the_module(space):
    before = (space.people["buyer"].data / KEYS / "token.key").read_bytes()
    done = await penstock(space, "buyer", "key", "rotate", "token", "--stolen", "--why", "a drill")
    assert done["to"] == space.did("buyer") + "#token-2"
    after = (space.people["buyer"].data / KEYS / "token.key").read_bytes()
    assert Reference.read(before).id != Reference.read(after).id
    await bought(space, "replaced")


async def test_a_lost_folder_is_restored_by_back_up_token_and_what_names_its_keys(space, tmp_path):
    person = space.people["buyer"]
    data, account = person.data, (await listed(space, "buyer"))["agreement"]["key"]
    await penstock(space, "buyer", "admin", "backup", str(tmp_path / "safe"))
    shutil.copytree(data / KEYS, tmp_path / "keys")
    vault = person.data.with_name(person.data.name + ".kek")
    assert vault.exists()
    await person.stop()
    shutil.rmtree(data)
    words = ("admin", "restore", str(tmp_path / "safe"), "--data", str(data), "--keys", str(tmp_path / "keys"))
    await run(words, tmp_path)
    await person.start(space.environment)
    assert (await listed(space, "buyer"))["agreement"]["key"] == account
    await bought(space, "restored")


async def test_a_module_that_is_away_is_said_at_start_and_by_the_doctor(space):
    person = space.people["buyer"]
    path = person.data / "penstock.toml"
    settings = path.read_text()
    await person.stop()
    path.write_text(settings.replace(f"token={softhsm.TOKEN}", "token=elsewhere"))
    told = await penstock(space, "buyer", "doctor", code=2)
    [keys] = [check for check in told["checks"] if check["name"] == "keys"]
    assert "no token has this name" in keys["hint"]
    path.write_text(settings)
    await person.start(space.environment)
    await bought(space, "back-again")
