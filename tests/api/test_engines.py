"""An engine of the provider over HTTP: agreed on by its digest, told with noise, counted once, and no other one run."""

from __future__ import annotations

import json

import aiohttp
import pytest

from connector.compute.program import digest_of
from tests.api.refusals import refused
from tests.api.test_computing import LONG, address, agreed, ask, jobs, publish
from tests.api.test_rights import told
from tests.compute import engines

pytestmark = pytest.mark.asyncio(loop_scope="session")

OPEN = {"subject": "firm", "noise": "4", "budget": "12", "rows": "3", "engine": "mean:2"}
ROWS = "select revenue from firms where year >= 2024"


def attach(space, source=engines.MEAN):
    file = space.folder / "engines" / "mean.py"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(source)
    return digest_of(source)


async def run(space, what, **more):
    body = {"what": what, "statement": ROWS, "engine": "mean", "tells": ["mean:0:1000"], "blocks": 20, **more}
    return await space.doors["buyer"].call("POST", "programs", body)


async def listed(space, product, folder, **more):
    await publish(space, product, folder, **{"gate": OPEN, **more})
    return await agreed(space, product)


async def test_an_engine_is_agreed_on_run_and_told_with_noise(space, tmp_path):
    digest = attach(space)
    agreement = await listed(space, "engines", tmp_path)
    [row] = [one for one in space.rows("buyer", "agreements") if one["digest"] == agreement]
    assert digest in str(row["terms"]), "both have signed which it is"
    got = await run(space, "engines", job="one")
    assert (got["columns"], got["epsilon"], got["left"]) == (["answered", "mean"], "4.00", "8.00")
    assert 200 < got["rows"][0][1] < 800
    assert {"engine-landlock", "engine-processes"} <= set(got["confined"])
    assert await run(space, agreement, job="one") == got
    [job] = jobs(space, agreement)
    assert (job["state"], job["epsilon"]) == ("released", 400)
    assert job["statement"].startswith(f"engine {digest} ")
    assert [one for one in told(space, "provider", "computation.started") if one["part"] == agreement]
    [copy] = [one for one in space.rows("provider", "copies") if one["agreement"] == agreement]
    assert copy["calls"] == 1
    assert (await ask(space, "engines", "select count(*) from firms"))["left"] == "4.00", "of one budget"
    assert (await run(space, "engines"))["left"] == "0.00"
    assert (await refused(run(space, "engines")))[0] == 403


async def test_an_engine_that_changed_is_not_run_until_it_is_agreed_on(space, tmp_path):
    attach(space)
    agreement = await listed(space, "engines-changed", tmp_path)
    attach(space, engines.MEAN + b"# mended\n")
    status, text = await refused(run(space, "engines-changed"))
    assert (status, "another one than was agreed on" in text) == (403, True)
    assert not jobs(space, agreement)
    attach(space)
    assert (await run(space, "engines-changed"))["left"] == "8.00"


async def test_a_rule_names_the_engines_that_may_be_run(space, tmp_path):
    digest = attach(space)
    for name, rule, status in (("engines-named", digest, 0), ("engines-unnamed", digest_of(b"other"), 403)):
        constraint = {"leftOperand": "algorithm", "operator": "isAnyOf", "rightOperand": [rule]}
        rules = {"permission": [{"action": "use", "constraint": [constraint]}]}
        await listed(space, name, tmp_path, rules=rules, purpose=None, region=None)
        if status:
            assert (await refused(run(space, name)))[0] == status
        else:
            assert (await run(space, name))["left"] == "8.00"


async def test_what_names_no_engine_is_refused_uncounted(space, tmp_path):
    attach(space)
    for gate in (
        {"subject": "firm", "engine": "mean"},
        {**OPEN, "engine": "other"},
        {**OPEN, "engine": "mean:0"},
        {**OPEN, "engine": "mean:61"},
        {**OPEN, "engine": "mean:long"},
        {**OPEN, "engine": ""},
    ):
        assert (await refused(publish(space, "engines-odd", tmp_path, gate=gate)))[0] in (400, 422), gate
    assert (await refused(publish(space, "engines-time", tmp_path, gate=OPEN, unit="second")))[0] in (400, 422)
    attach(space, engines.BROKEN)
    status, text = await refused(publish(space, "engines-broken", tmp_path, gate=OPEN))
    assert (status, "nothing_like_it" in text) == (400, True), text
    attach(space)
    agreement = await listed(space, "engines-bodies", tmp_path)
    for more in ({"engine": "other"}, {"engine": None}, {"file": "/srv/a.wasm"}, {"tells": []}, {"blocks": 1_000}):
        assert (await refused(run(space, "engines-bodies", **more)))[0] == 400, more
    await run(space, "engines-bodies")
    url, header = address(space, agreement)
    body = {"id": "a", "statement": ROWS, "tells": [["mean", 0, 1000]], "parameters": [], "blocks": 20}
    async with aiohttp.ClientSession(headers=header) as session:
        for engine, status in (("mean", 400), (1, 400), (digest_of(b"other"), 403)):
            async with session.post(url, data=json.dumps(body | {"engine": engine})) as answer:
                assert answer.status == status, await answer.text()
    assert len(jobs(space, agreement)) == 1
    await publish(space, "engines-none", tmp_path)
    await agreed(space, "engines-none")
    assert (await refused(run(space, "engines-none")))[0] == 400


async def test_what_a_crash_cut_has_cost_nothing_and_is_run_once(space, tmp_path):
    import asyncio

    attach(space)
    agreement = await listed(space, "engines-crash", tmp_path, rows=LONG, gate={**OPEN, "engine": "mean:5"})
    asking = asyncio.ensure_future(refused(run(space, "engines-crash", job="cut")))
    async with asyncio.timeout(20):
        while not [row for row in jobs(space, agreement) if row["state"] == "running"]:
            await asyncio.sleep(0.01)
    await space.people["provider"].kill()
    assert (await asking)[0] == 503
    await space.people["provider"].start()
    [row] = jobs(space, agreement)
    assert (row["state"], row["epsilon"]) == ("failed", 0)
    assert (await run(space, "engines-crash", job="cut"))["left"] == "8.00"
