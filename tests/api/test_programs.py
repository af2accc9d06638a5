"""Programs of a buyer over HTTP: run where the data are, decided by their digest, told with noise, counted once."""

from __future__ import annotations

import asyncio
import base64
import json

import aiohttp
import pytest

from connector.client.acts.programs import rehearsed
from connector.client.acts.queries import answered
from connector.compute.program import digest_of
from tests.api.refusals import refused
from tests.api.test_computing import LONG, address, agreed, ask, jobs, publish
from tests.api.test_rights import told
from tests.compute import programs

pytestmark = pytest.mark.asyncio(loop_scope="session")

OPEN = {"subject": "firm", "noise": "4", "budget": "12", "rows": "3", "programs": "1"}
ROWS = "select revenue from firms where year >= 2024"


def module(folder, code=programs.MEAN, name="mean.wat"):
    path = folder / name
    path.write_bytes(code)
    return str(path)


async def run(space, what, file, **more):
    body = {"what": what, "statement": ROWS, "file": file, "tells": ["mean:0:1000"], **more}
    return await space.doors["buyer"].call("POST", "programs", body)


async def listed(space, product, folder, **more):
    await publish(space, product, folder, **{"gate": OPEN, **more})
    return await agreed(space, product)


async def test_a_program_is_run_told_with_noise_counted_and_named(space, tmp_path):
    agreement = await listed(space, "programs", tmp_path)
    file = module(tmp_path)
    got = await run(space, "programs", file, job="one")
    assert (got["columns"], got["epsilon"], got["left"], got["heldBack"]) == (
        ["answered", "mean"],
        "4.00",
        "8.00",
        False,
    )
    assert 300 < got["rows"][0][1] < 700
    assert " ± " in "\n".join(answered(got))
    assert await run(space, agreement, file, job="one") == got
    [row] = jobs(space, agreement)
    assert (row["state"], row["rows"], row["epsilon"]) == ("released", 1, 400)
    digest = digest_of(programs.MEAN)
    assert row["statement"].startswith(f"program {digest} ")
    assert len([one for one in told(space, "buyer", "answer.received") if one["part"] == agreement]) == 1
    [copy] = [one for one in space.rows("provider", "copies") if one["agreement"] == agreement]
    assert copy["calls"] == 1
    # statements share its budget
    assert (await ask(space, "programs", "select count(*) from firms"))["left"] == "4.00"
    assert (await run(space, "programs", file, job="two"))["left"] == "0.00"
    status, text = await refused(run(space, "programs", file, job="three"))
    assert (status, "12.00" in text) == (403, True)
    status, _ = await refused(run(space, "programs", module(tmp_path, programs.ECHO, "echo.wat"), job="one"))
    assert status == 409, "under one id one program is run"


async def test_a_program_is_rehearsed_at_home(space, tmp_path):
    """The same module over a table of the buyer's own, exactly; what fails is counted, and nothing is sent."""
    lines = "".join(f"F{at % 400},{at % 1_000}\n" for at in range(4_000))
    (tmp_path / "mine.csv").write_text("firm,revenue\n" + lines)

    async def rehearse(**more):
        body = {"on": str(tmp_path / "mine.csv"), "statement": "select revenue from mine", "file": module(tmp_path)}
        body |= {"tells": ["mean:0:1000"], "key": "firm", "seconds": 10}
        return await space.doors["buyer"].call("POST", "programs/rehearsals", body | more)

    got = await rehearse(blocks=20)
    [[name, mean, spread, beyond]] = got["numbers"]
    assert (got["blocks"], got["answered"], name, beyond) == (20, 20, "mean", 0)
    assert abs(mean - 499.5) < 3
    assert 0 < spread < 100
    assert (await rehearse(tells=["mean:0:1"], blocks=20))["numbers"] == [["mean", 1.0, 0.0, 20]]
    failed = await rehearse(file=module(tmp_path, programs.TRAPS, "traps.wat"))
    assert (failed["answered"], failed["numbers"]) == (0, [["mean", None, None, 0]])
    assert "100 failed" in "\n".join(rehearsed(failed))
    whole = await rehearse(whole=True)
    assert (whole["blocks"], whole["answered"], whole["numbers"]) == (1, 1, [["mean", 499.5, 0.0, 0]])
    assert "mean  499.5\n" in "\n".join(rehearsed(whole))
    assert (await rehearse(whole=True, file=module(tmp_path, programs.TRAPS, "traps.wat")))["answered"] == 0
    for odd in (
        {"whole": True, "blocks": 20},
        {"on": "mine.csv"},
        {"key": "none"},
        {"statement": "select revenue from firms"},
        {"seconds": 61},
        {"statement": "select firm from mine"},
        {"file": module(tmp_path, programs.SHARES, "s.wat")},
    ):
        assert (await refused(rehearse(**odd)))[0] in (400, 404), odd


async def test_a_rule_names_the_programs_that_may_be_run(space, tmp_path):
    """By the digest of the bytes that were run, whatever the asker says."""
    reviewed = digest_of(programs.MEAN)
    rule = {"leftOperand": "algorithm", "operator": "isAnyOf", "rightOperand": [reviewed]}
    rules = {"permission": [{"action": "use", "constraint": [rule]}]}
    agreement = await listed(space, "programs-pinned", tmp_path, rules=rules, purpose=None, region=None)
    assert (await run(space, "programs-pinned", module(tmp_path)))["left"] == "8.00"
    said = {"algorithm": reviewed}
    for wrong in (
        run(space, "programs-pinned", module(tmp_path, programs.ECHO, "echo.wat"), tells=["a:0:1", "b:0:1"], said=said),
        ask(space, "programs-pinned", "select count(*) from firms", said=said),
    ):
        assert (await refused(wrong))[0] == 403
    assert [row["state"] for row in jobs(space, agreement)] == ["released"]


async def test_where_its_terms_run_none_nothing_is_run(space, tmp_path):
    await publish(space, "programs-none", tmp_path)
    await agreed(space, "programs-none")
    assert (await refused(run(space, "programs-none", module(tmp_path))))[0] == 400
    for gate in (
        {"subject": "firm", "programs": "1"},
        {**OPEN, "programs": "0"},
        {**OPEN, "programs": "61"},
        {**OPEN, "programs": "long"},
    ):
        assert (await refused(publish(space, "programs-odd", tmp_path, gate=gate)))[0] in (400, 422), gate


async def test_odd_programs_are_refused_uncounted(space, tmp_path):
    agreement = await listed(space, "programs-bodies", tmp_path)
    good = module(tmp_path)
    for more in (
        {"file": "mean.wat"},
        {"file": str(tmp_path)},
        {"file": module(tmp_path, bytes(600 << 10), "long.wasm")},
        {"file": module(tmp_path, programs.SHARES, "shares.wat")},
        {"file": module(tmp_path, b"", "empty.wat")},
        {"tells": []},
        {"tells": ["mean"]},
        {"tells": ["mean:5:1"]},
        {"parameters": ["one"]},
        {"blocks": 5},
        {"blocks": 1_000},
        {"statement": "select district from firms"},
        {"statement": "select firm from firms"},
        {"statement": ""},
    ):
        status, text = await refused(run(space, "programs-bodies", **{"file": good, **more}))
        assert status in (400, 404), (more, text)
    url, header = address(space, agreement) if space.rows("buyer", "transfers") else (None, None)
    body = {
        "id": "a",
        "statement": ROWS,
        "program": base64.b64encode(programs.MEAN).decode(),
        "tells": [["mean", 0, 1000]],
        "parameters": [],
        "blocks": 20,
    }
    async with aiohttp.ClientSession(headers=header) as session:
        for odd in (
            {"program": "!"},
            {"program": 1},
            {"tells": [["mean", 0]]},
            {"tells": [["mean", "0", 1]]},
            {"tells": [[1, 0, 1]]},
            {"tells": "mean"},
            {"parameters": ["1"]},
            {"parameters": [True]},
            {"parameters": [1e999]},
            {"blocks": "20"},
            {"blocks": True},
            {"statement": 1},
            {"id": 1},
            {"more": 1},
            {"groups": []},
        ):
            async with session.post(url, data=json.dumps(body | odd)) as answer:
                assert answer.status == 400, (odd, await answer.text())
    assert not jobs(space, agreement)


async def test_what_a_crash_cut_has_cost_nothing_and_is_run_once(space, tmp_path):
    agreement = await listed(space, "programs-crash", tmp_path, rows=LONG, gate={**OPEN, "programs": "5"})
    file = module(tmp_path)
    asking = asyncio.ensure_future(refused(run(space, "programs-crash", file, job="cut")))
    async with asyncio.timeout(20):
        while not [row for row in jobs(space, agreement) if row["state"] == "running"]:
            await asyncio.sleep(0.01)
    await space.people["provider"].kill()
    assert (await asking)[0] == 503
    await space.people["provider"].start()
    [row] = jobs(space, agreement)
    assert (row["state"], row["epsilon"]) == ("failed", 0)
    assert (await run(space, "programs-crash", file, job="cut"))["left"] == "8.00"


async def test_what_is_asked_and_not_answered_is_taken_back(space, tmp_path):
    """One that runs and one that waits behind it: both end at once, cost nothing, and may be asked again."""
    agreement = await listed(space, "programs-cancel", tmp_path, gate={**OPEN, "programs": "30"})
    file = module(tmp_path)

    async def cancel(job):
        body = {"what": "programs-cancel", "job": job}
        return (await space.doors["buyer"].call("POST", "queries/cancel", body))["cancelled"]

    assert (await refused(cancel("one")))[0] == 404, "nothing is asked under it"
    runs = asyncio.ensure_future(refused(run(space, "programs-cancel", file, job="one")))
    async with asyncio.timeout(20):
        while not [row for row in jobs(space, agreement) if row["state"] == "running"]:
            await asyncio.sleep(0.01)
    waits = asyncio.ensure_future(refused(ask(space, "programs-cancel", "select count(*) from firms", job="two")))
    async with asyncio.timeout(20):
        while "two" not in [row["job"] for row in space.rows("buyer", "answers") if row["agreement"] == agreement]:
            await asyncio.sleep(0.01)
    for job, asking in (("two", waits), ("one", runs)):
        async with asyncio.timeout(15):
            while not await cancel(job):
                await asyncio.sleep(0.1)
            status, text = await asking
        assert (status, "was cancelled" in text) == (409, True)
    assert [(row["job"], row["state"], row["epsilon"]) for row in jobs(space, agreement)] == [("one", "failed", 0)]
    assert await cancel("one") == 0
    got = await ask(space, "programs-cancel", "select count(*) from firms", job="two")
    assert got["left"] == "8.00"
    assert (await refused(cancel("two")))[0] == 409
    url, header = address(space, agreement)
    async with aiohttp.ClientSession(headers=header) as session:
        for odd in ({"id": "one", "cancel": False}, {"id": 1, "cancel": True}, {"cancel": True}):
            async with session.post(url, data=json.dumps(odd)) as answer:
                assert answer.status == 400
