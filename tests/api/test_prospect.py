"""What cannot come to anything is refused before anything is signed or paid, with what to change."""

from __future__ import annotations

import shutil

import pytest
import pytest_asyncio

from connector.client.client import Client
from connector.runtime.errors import (
    InvalidInput,
    PaymentRefused,
    PeerRefused,
    PurchaseRefused,
    explain_failure,
    from_reason,
)
from tests.api.command import commanded, penstock
from tests.api.space import FUNDS, PURPOSE
from tests.api.visitor import Visitor
from tests.every import every

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROWS = "day,millimetres\n" + "".join(f"{day},{day * 3 % 17}\n" for day in range(20_000))
PRICE = 160_000  # minor units a MiB: one piece of 64 KiB costs 10,000


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def on_offer(space, tmp_path_factory):
    """Products of the provider: one as usual, one dearer than the buyer's account, one for another region."""
    path = tmp_path_factory.mktemp("tables") / "rain.csv"
    path.write_text(ROWS)
    await space.publish_files("provider", "hail", [path], price=PRICE, floor=str(PRICE))
    await space.publish_files("provider", "gold", [path], price=FUNDS * 100, floor=str(FUNDS * 100))
    await space.publish_files("provider", "sleet", [path], region="CN")
    await space.publish_files("provider", "drops", [path], openings=5)


async def begun(space, key):
    """Return what an acquisition has begun: its negotiation, its agreement, its channel."""
    view = await space.doors["buyer"].call("GET", f"acquisitions/{key}")
    return [view[name] for name in ("negotiation", "agreement", "channel") if view.get(name)]


async def refused(space, product, **mandate):
    """Return what a purchase is refused with, by the management interface that every door asks."""
    door, key = space.doors["buyer"], f"{product}-{abs(hash(str(mandate)))}"
    about = {"limit": str(FUNDS * 1000), "purpose": PURPOSE} | mandate
    await door.call("POST", "acquisitions", {"id": key, "product": product, "mandate": about})
    view = {"state": "", "mark": ""}
    while view["state"] not in ("failed", "complete"):
        view = await door.call("GET", f"acquisitions/{key}?wait=20&after={view['mark']}")
    assert view["state"] == "failed", view
    assert await begun(space, key) == []
    return from_reason(view["reason"])


CASES = [
    ("hail", {"purpose": "Marketing"}, PurchaseRefused, "never allows this", "--purpose"),
    ("hail", {"deposit": "1"}, PurchaseRefused, "one piece costs 100.00 CNY", "--deposit 10000"),
    ("hail", {"exposure": "9999"}, PurchaseRefused, "your `exposure` is 99.99 CNY", "--exposure 10000"),
    ("hail", {"cap": "10000"}, PaymentRefused, "and you pay 100.00 CNY at most", "--max-total"),
    ("gold", {}, PaymentRefused, "the account holds", "--deposit"),
    ("sleet", {}, PurchaseRefused, "never allows this", "another region"),
]


# what only a purchase that opens what it brings is refused
OPENED = [
    ("hail", {"to": "/proc/nowhere"}, InvalidInput, "may not write", "directory"),
    ("drops", {"to": "/tmp/drops-of-nobody"}, InvalidInput, "opened when it is read", "without `--to`"),
]


@every("product, mandate, fault, words, hint", lambda: CASES)
async def test_it_is_refused_before_anything_is_signed(space, on_offer, product, mandate, fault, words, hint):
    del on_offer
    told = explain_failure(await refused(space, product, **mandate))
    expected = explain_failure(fault(""))
    assert (told.exit_code, told.code) == (5, expected.code)
    assert words in told.text
    assert hint in told.hint


# member of a mandate → the option of the command, and the field of the console's form
OPTIONS = {"purpose": "--purpose", "deposit": "--deposit", "exposure": "--exposure", "cap": "--max-total", "to": "--to"}
ON_THE_FORM = {"purpose": "purpose", "cap": "total"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def visitor(space):
    await penstock(space, "buyer", "admin", "account", "add", "prospects", "--operator")
    link = (await penstock(space, "buyer", "admin", "account", "link", "prospects"))["url"]
    async with Visitor(space.url("buyer")) as made:
        await made.open(link)
        yield made


@every("product, mandate, fault, words, hint", lambda: [*CASES, *OPENED])
async def test_every_door_refuses_alike(space, on_offer, visitor, product, mandate, fault, words, hint):
    """The command, its rehearsal, the management interface and the console's form: one fault, one exit, no trace."""
    del on_offer
    expected = explain_failure(fault(""))
    said = {"purpose": PURPOSE} | mandate
    typed = [part for name, value in said.items() for part in (OPTIONS[name], value)]
    for more in ([], ["--dry-run"]):
        told = await penstock(
            space, "buyer", "get", product, "--max-price", FUNDS * 1000, *typed, *more, code=expected.exit_code
        )
        assert (told["code"], words in told["text"], hint in told["hint"]) == (expected.code, True, True), (more, told)
    body = {"product": product, "mandate": {"limit": str(FUNDS * 1000), **said}}
    with pytest.raises(PeerRefused) as foreseen:
        await space.doors["buyer"].call("POST", "foresights", body)
    told = explain_failure(foreseen.value)
    assert (told.exit_code, told.code, words in told.text) == (expected.exit_code, expected.code, True)
    if set(said) <= set(ON_THE_FORM):
        before = space.rows("buyer", "acquisitions")
        page = await visitor.open(f"catalogue/{product}/quote")
        fields = {ON_THE_FORM[name]: value for name, value in said.items()} | {"limit": f"{FUNDS * 10}.00"}
        fields |= {"total": f"{int(said['cap']) / 100:.2f}"} if "cap" in said else {}
        seen = await visitor.send(page, "/purchase", **fields)
        assert (seen.status, words in seen.text) == (expected.status, True), seen.text
        assert space.rows("buyer", "acquisitions") == before


async def test_a_rehearsal_that_is_refused_nothing_says_what_it_costs(space, on_offer):
    del on_offer
    words = ("get", "hail", "--purpose", PURPOSE, "--dry-run", "--max-price")

    async def rehearsed():
        told = await penstock(space, "buyer", *words, "1600.00")
        assert (told["within"], told["over"], told["dryRun"]) == (True, [], True)
        told = await penstock(space, "buyer", *words, "1599.99", code=5)
        assert (told["within"], len(told["over"])) == (False, 1)
        for limits, code in ((("--max-price", "1"), 2), (("--max-price", "1", "--purpose", "mischief"), 2)):
            await commanded_with(space, limits, code)

    await space.stores_nothing("buyer", rehearsed)


async def commanded_with(space, limits, code):
    ended = await commanded("get", "hail", *limits, "--dry-run", "--data", space.people["buyer"].data)
    assert ended.code == code, ended


async def test_the_client_and_the_command_hear_the_same(space, on_offer):
    del on_offer
    async with Client(space.people["buyer"].data) as penstock:
        with pytest.raises(Exception, match="never allows this") as fault:
            await penstock.get("hail", max_price=PRICE, purpose="Marketing")
    assert explain_failure(fault.value).exit_code == 5


async def test_what_nobody_could_use_is_not_published(space, on_offer, tmp_path):
    del on_offer
    path = tmp_path / "rain.csv"
    path.write_text("day\n1\n")
    with pytest.raises(PeerRefused) as fault:
        await space.publish_files("provider", "past", [path], until="2020-01-01T00:00:00Z")
    told = explain_failure(fault.value)
    assert (told.exit_code, told.hint) == (5, "say a later `--until`")
    assert "is over: nobody could use what they buy" in told.text


async def test_the_same_id_with_another_mandate_is_a_new_try(space, on_offer):
    del on_offer
    async with Client(space.people["buyer"].data) as penstock:
        with pytest.raises(Exception, match="never allows this"):
            await penstock.get("hail", max_price=PRICE, purpose="Marketing", id="hail-mended")
        got = await penstock.get("hail", max_price=PRICE, purpose=PURPOSE, id="hail-mended")
    assert got.state == "complete"


async def test_files_go_where_it_was_said_first_or_it_says_so(space, on_offer, tmp_path):
    del on_offer
    door, about = space.doors["buyer"], {"limit": str(PRICE), "purpose": PURPOSE}

    async def get(to):
        body = {"id": "placed", "product": "hail", "mandate": about | ({"to": str(to)} if to else {})}
        await door.call("POST", "acquisitions", body)
        while (view := await door.call("GET", "acquisitions/placed?wait=20"))["state"] != "complete":
            assert view["state"] != "failed", view
        return view

    first = tmp_path / "first"
    await get(first)
    assert [path.name for path in first.iterdir()] == ["rain.csv"]
    await get(first)
    await get(None)
    with pytest.raises(PeerRefused) as elsewhere:
        await get(tmp_path / "second")
    shutil.rmtree(first)
    with pytest.raises(PeerRefused) as gone:
        await get(first)
    for fault, words in ((elsewhere, f"was begun to be kept to `{first}`"), (gone, "and is there no more")):
        told = explain_failure(fault.value)
        assert (told.exit_code, words in told.text, told.hint.startswith("penstock open placed")) == (2, True, True)
