"""A connector that speaks the Dataspace Protocol alone is admitted, lists by its catalogue, and is found."""

from __future__ import annotations

import pytest

from connector.runtime.clock import Clock
from tests.api.stranger import called
from tests.api.test_crawl import REQUEST, Foreign, dataset
from tests.federation.exchanges import ask, exchange, found, titles, until

MEMBER = {"name": "Quay Ltd", "region": "US-NY"}


@pytest.fixture
async def quay(tmp_path):
    async with called(tmp_path / "quay", Clock().now, Foreign) as made:
        made.pages[REQUEST] = ([dataset("tides", title="Tides of the quay")], [], None)
        yield made


async def moves(house, did):
    rows = await house.store.read(lambda tx: tx.find("log_entries", "part = ?", (did,)))
    return sum(row["kind"] == "member.moved" for row in rows)


async def test_it_is_a_member_with_its_limits_from_its_admission_to_its_end(tmp_path, quay):
    async with exchange(tmp_path / "house", {}) as house:
        body = {"name": "quay", "kind": "dsp", "address": quay.url, "member": MEMBER}
        assert (await ask(house, "POST", "sources", body))[0] == 201
        assert (await ask(house, "POST", "sources", body))[0] == 201
        assert (await ask(house, "POST", "sources/quay/harvest", {}))[1]["products"] == 1
        [member] = (await ask(house, "GET", "members"))[1]["members"]
        told = {"did": quay.did, **MEMBER, "role": "provider", "state": "admitted", "speaks": "dsp", "source": "quay"}
        assert member == told
        assert await moves(house, quay.did) == 1
        [tides] = await found(house, "tides")
        assert (tides["provider"], tides["origins"][0]["member"]) == (quay.did, MEMBER)
        assert {"no-edition", "no-evidence", "odrl-terms"} <= {limit["key"] for limit in tides["limits"]}
        assert (await ask(house, "POST", "sources/quay/suspend", {}))[0] == 400
        assert (await ask(house, "POST", "sources/quay/suspend", {"reason": " "}))[0] == 400
        status, row = await ask(house, "POST", "sources/quay/suspend", {"reason": "a complaint"})
        assert (status, row["state"]) == (200, "suspended")
        assert await titles(house) == []
        assert (await ask(house, "GET", "members"))[1]["members"][0]["state"] == "suspended"
        await ask(house, "POST", "sources/quay/resume", {})
        assert await titles(house) == ["Tides of the quay"]
        await ask(house, "POST", "sources/quay/drop", {})

        async def gone():
            return not (await ask(house, "GET", "members"))[1]["members"]

        await until(gone)
        assert await moves(house, quay.did) == 4
        assert await titles(house) == []


@pytest.mark.parametrize(
    "member",
    [{}, {"name": "Quay"}, {"name": "", "region": "US"}, {"name": "Quay", "region": "XX"}, {"name": 1, "region": "US"},
     {"name": "x" * 201, "region": "US"}, {"name": "Quay", "region": "US", "keys": "x"}, "Quay"],
)  # fmt: skip
async def test_who_is_not_described_is_not_admitted(tmp_path, quay, member):
    async with exchange(tmp_path / "house", {}) as house:
        body = {"name": "quay", "kind": "dsp", "address": quay.url, "member": member}
        assert (await ask(house, "POST", "sources", body))[0] == 400
        assert (await ask(house, "POST", "sources", body | {"kind": "exchange", "member": MEMBER}))[0] == 400
        assert (await ask(house, "GET", "members"))[1]["members"] == []
