"""The typed client buys a table as a program would, waiting or not; both do the same, and say what the commands say."""

from __future__ import annotations

import asyncio
import inspect
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector.client.acts.table import BY_CALL
from connector.client.client import Client
from connector.client.server import ADDRESS_FILE
from connector.client.waiting import WaitingClient
from connector.runtime.data_folder import TOKEN_FILE
from connector.runtime.errors import (
    InvalidInput,
    NotPermitted,
    PaymentRefused,
    PeerUnreachable,
    PenstockError,
    SettingsError,
    Unproven,
    explain_failure,
)
from tests.api.answers.shapes import unlike
from tests.api.space import PURPOSE

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROWS = [(day, day * 3 % 17) for day in range(1, 400)]
CALLS = {name for name, one in vars(Client).items() if inspect.iscoroutinefunction(one) and not name.startswith("_")}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("tables") / "rain.csv"
    path.write_text("day,millimetres\n" + "".join(f"{day},{fall}\n" for day, fall in ROWS))
    return path


async def test_a_program_buys_a_table_within_its_limit_and_reads_it_as_arrow(space, table, tmp_path):
    await space.publish_files("provider", "rain", [table], price=1000, title="Rain by day")
    told = []
    async with Client(space.people["buyer"].data) as penstock:
        assert (await penstock.status())["did"] == space.did("buyer")
        found = {each.id: each for each in await penstock.find("rain")}
        quote = await penstock.quote("rain")
        assert (found["rain"].title, quote.provider, quote.asked) == ("Rain by day", space.did("provider"), 1000)
        with pytest.raises(PaymentRefused, match="more than"):
            await penstock.quoted_get("rain", max_total=quote.amount - 1, purpose=PURPOSE)
        got = await penstock.quoted_get("rain", max_total=quote.amount, purpose=PURPOSE, id="rain-1")
        assert (got.state, got.paid) == ("complete", quote.amount)
        again = await penstock.get("rain", max_price=1000, purpose=PURPOSE, id="rain-1", progress=told.append)
        assert (again.paid, told[-1].state) == (got.paid, "complete"), "the same id goes on, and pays nothing twice"
        opened = await penstock.open("rain-1", purpose=PURPOSE)
        assert list(zip(*opened.to_arrow().to_pydict().values(), strict=True)) == ROWS
        assert (len(opened), opened.columns, opened.opened.number) == (len(ROWS), ["day", "millimetres"], 1)
        assert list(opened.to_pandas()["millimetres"]) == [fall for _, fall in ROWS]
        keys = await penstock.export_keys("rain-1", purpose=PURPOSE, to=tmp_path / "keys.json")
        assert (keys.number, Path(keys.file).exists(), "nobody counts" in keys.warning) == (2, True, True)
        with pytest.raises(NotPermitted) as refused:
            await penstock.open("rain-1", purpose="Marketing")
        assert explain_failure(refused.value).exit_code == 3
        assert refused.value.request, "`penstock admin trace` follows it"


async def test_acts_that_no_command_prints_answer_in_their_shapes(space, table):
    brief = {"files": [str(table)], "title": "Hail", "price": "1000", "floor": "900", "purpose": PURPOSE}
    brief |= {"until": "2030-01-01T00:00:00Z", "id": "hail"}
    mandate = {"limit": "1000", "purpose": PURPOSE}
    asked = {
        "provider": (
            ("status", {}),
            ("product_preview", brief),
            ("publication_begin", brief),
            ("publication_show", {"id": "hail", "wait": 0}),
            ("publication_show", {"id": "hail", "wait": 20}),
            ("product_publish", brief),
            ("settlement_preview", {}),
            ("act_rehearse", {"path": "log/anchor", "body": {}}),
        ),
        "buyer": (
            ("status", {}),
            ("thing_show", {"id": "rain-1"}),
            ("acquisition_show", {"id": "rain-1", "wait": 0}),
            ("acquisition_begin", {"id": "rain-1", "product": "rain", "mandate": mandate}),
            ("catalogue_read", {"peer": space.did("provider")}),
            ("product_find", {"q": "rain", "where": ["tier=kept"], "counts": True}),
            ("demand_post", {"id": "snow", "title": "snow by day", "until": "2030-01-01T00:00:00Z"}),
            ("demand_pursue", {"demand": "snow", "mandate": mandate}),
            ("pursuit_show", {"demand": "snow"}),
            ("demand_withdraw", {"id": "snow"}),
        ),
    }
    for role, calls in asked.items():
        async with Client(space.people[role].data) as penstock:
            for call, given in calls:
                assert unlike(BY_CALL[call].answer, await getattr(penstock, call)(**given), call) == ""
            assert b"penstock_" in await penstock.metrics_show()
            with pytest.raises(PenstockError):
                await penstock.acquisition_read(id="rain-1")


async def test_what_is_no_table_says_so(space):
    await space.publish("provider", "noise", (5_000,))
    async with Client(space.people["buyer"].data) as penstock:
        got = await penstock.get("noise", max_price=1000, purpose=PURPOSE)
        with pytest.raises(InvalidInput, match="is no table"):
            await penstock.open(got.id, purpose=PURPOSE)


async def test_the_waiting_client_has_the_same_calls(space):
    waiting = {name for name in vars(WaitingClient) if not name.startswith("_")}
    assert waiting == CALLS
    for name in CALLS:
        ours, theirs = (inspect.signature(getattr(kind, name)) for kind in (WaitingClient, Client))
        assert ours.parameters == theirs.parameters, name

    def notebook():
        with WaitingClient(space.people["buyer"].data) as penstock:
            return penstock.quote("rain"), penstock.open("rain-1", purpose=PURPOSE).to_arrow().num_rows

    quote, rows = await asyncio.to_thread(notebook)
    assert (quote.product, rows) == ("rain", len(ROWS))


async def test_an_address_and_its_token_are_as_good_as_the_directory(space):
    token = (space.people["buyer"].data / TOKEN_FILE).read_text()
    async with Client(space.url("buyer") + "/", token=token) as penstock:
        assert (await penstock.status())["did"] == space.did("buyer")
        assert len(await penstock.open("rain-1", purpose=PURPOSE)) == len(ROWS)
    async with Client(space.url("buyer"), token="guessed") as stranger:
        with pytest.raises(Unproven):
            await stranger.status()
    with pytest.raises(PeerUnreachable, match="at `http://localhost:1999` does not answer"):
        async with Client("http://localhost:1999", token=token) as nobody:
            await nobody.status()


async def test_a_program_publishes_and_is_told_how_far_it_is(space, table):
    told = []
    terms = {"title": "Sleet", "price": 700, "purpose": "Research", "until": datetime(2030, 1, 1, tzinfo=UTC)}
    async with Client(space.people["provider"].data) as penstock:
        made = await penstock.publish(table, id="sleet", progress=told.append, **terms)
        assert (made.id, made.title, made.state) == ("sleet", "Sleet", "submitted")
        assert made.provider == space.did("provider")
        assert (made.rows > 0, len(made.edition)) == (True, 64)
        again = await penstock.publish([table], id="sleet", **terms)
        assert again.edition == made.edition, "the same id goes on"
        with pytest.raises(InvalidInput, match="no field `colour`"):
            await penstock.publish(table, id="sleet", colour="red", **terms)
        with pytest.raises(InvalidInput, match="there is no `/"):
            await penstock.publish("absent.csv", id="absent", **terms)


async def test_a_waiting_client_that_cannot_begin_leaves_nothing_behind(tmp_path):
    (tmp_path / ADDRESS_FILE).write_text('{"url": "https://127.0.0.1", "trust": "absent.pem"}')
    client = WaitingClient(tmp_path)
    with pytest.raises(SettingsError), client:
        pass
    assert "penstock-client" not in [thread.name for thread in threading.enumerate()]
    assert client._loop.is_closed()
