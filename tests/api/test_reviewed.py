"""A program with its reviewer's assent over HTTP: run once over all rows, told exactly, named in log and receipt.

What does not go by the assent is refused before anything is counted, at the buyer and at the provider alike.
"""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from connector.compute.program import digest_of
from contracts import assent as assents
from contracts import call_receipt, signature
from contracts.assent import Assent, Signed
from contracts.canonical import canonical
from tests.api.command import commanded, penstock
from tests.api.refusals import refused
from tests.api.test_computing import BY_DISTRICT, address, agreed, ask, jobs, publish
from tests.api.test_rights import told
from tests.compute import programs

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROWS = "select revenue from firms where year >= 2024"
SAID = "a mean of all says nothing of one firm"


def gate(space, **more):
    return {"subject": "firm", "least": "10", "programs": "1", "reviewer": space.did("other"), **more}


def module(folder, code=programs.MEAN, name="mean.wat"):
    path = folder / name
    path.write_bytes(code)
    return str(path)


async def listed(space, product, folder, **more):
    await publish(space, product, folder, **{"gate": gate(space), **more})
    return await agreed(space, product)


def later(space, **more):
    return (space.now() + timedelta(**(more or {"days": 2}))).isoformat(timespec="seconds")


async def assent(space, product, folder, *, by="other", name="assent.json", **more):
    """Have the reviewer assent, and return the file."""
    body = {
        "product": product,
        "statement": ROWS,
        "file": module(folder),
        "tells": ["mean:0:1000"],
        "buyer": space.did("buyer"),
        "provider": space.did("provider"),
        "until": later(space),
        "why": SAID,
        **more,
    }
    given = await space.doors[by].call("POST", "programs/assents", body)
    path = folder / name
    path.write_text(json.dumps({"document": given["document"], "signature": given["signature"]}))
    return str(path)


async def run(space, what, folder, signed, **more):
    body = {"what": what, "statement": ROWS, "file": module(folder), "tells": ["mean:0:1000"], "assent": signed, **more}
    return await space.doors["buyer"].call("POST", "programs", body)


def mean(folder):
    lines = [line.split(",") for line in (folder / "firms.csv").read_text().splitlines()[1:]]
    cells = [float(one[4]) for one in lines if int(one[3]) >= 2_024]
    return float(f"{sum(cells) / len(cells):.5g}")


async def test_what_a_reviewer_assented_to_is_run_told_exactly_counted_and_named(space, tmp_path):
    agreement = await listed(space, "reviewed", tmp_path)
    file = await assent(space, "reviewed", tmp_path)
    got = await run(space, "reviewed", tmp_path, file, job="one")
    assert (got["columns"], got["rows"], got["heldBack"]) == (["mean"], [[mean(tmp_path)]], False)
    assert (got["epsilon"], got["left"], got["margins"]) == (None, None, [])
    name = assents.read(Path(file).read_bytes()).assent.digest.hex()
    assert got["receipt"]["assent"] == name
    assert await run(space, agreement, tmp_path, file, job="one") == got, "answered, counted and billed once"
    [row] = jobs(space, agreement)
    assert (row["state"], row["rows"], row["epsilon"]) == ("released", 1, None)
    assert row["statement"].startswith(f"reviewed program {digest_of(programs.MEAN)} ")
    [copy] = [one for one in space.rows("provider", "copies") if one["agreement"] == agreement]
    assert copy["calls"] == 1
    assert len([one for one in told(space, "other", "assent.given") if one["part"] == name]) == 1
    # groups are answered as before, and no program without an assent is run: there is no noise
    assert (await ask(space, "reviewed", BY_DISTRICT))["columns"] == ["district", "firms", "revenue"]
    status, text = await refused(run(space, "reviewed", tmp_path, None))
    assert (status, space.did("other") in text) == (400, True)
    assert len([one for one in jobs(space, agreement) if "program" in one["statement"]]) == 1


async def test_the_commands_of_reviewer_and_buyer(space, tmp_path):
    """As docs/compute.md has it: the reviewer writes a file, of a rehearsal nothing; the buyer runs by it."""
    agreement = await listed(space, "reviewed-typed", tmp_path)
    out, file = tmp_path / "typed.json", module(tmp_path)
    says = ("program", "assent", "reviewed-typed", ROWS, "--with", file, "--tells", "mean:0:1000")
    whom = ("--for", space.did("buyer"), "--of", space.did("provider"), "--until", later(space), "--why", SAID)
    before = len(told(space, "other", "assent.given"))
    tried = await penstock(space, "other", *says, *whom, "--out", out, "--dry-run")
    assert ("assent.given" in str(tried), "signature" in str(tried)) == (True, False), "of a rehearsal nobody has it"
    assert (out.exists(), len(told(space, "other", "assent.given"))) == (False, before)
    given = await penstock(space, "other", *says, *whom, "--out", out)
    assert json.loads(out.read_text()) == {"document": given["document"], "signature": given["signature"]}
    await penstock(space, "other", *says, *whom[:-3], "2020-01-01T00:00:00Z", *whom[-2:], "--out", out, code=2)
    asks = ("run", "reviewed-typed", ROWS, "--with", file, "--tells", "mean:0:1000", "--assent", out, "--id", "typed")
    foretold = await penstock(space, "buyer", *asks, "--dry-run")
    assert foretold["steps"]
    assert not jobs(space, agreement)
    asked = (*map(str, asks), "--data", str(space.people["buyer"].data))
    shown = await commanded(*asked)
    assert (shown.code, f"exactly, by the assent {given['assent']}" in shown.out.decode()) == (0, True), shown
    assert (await penstock(space, "buyer", *asks))["rows"] == [[mean(tmp_path)]]


async def test_with_noise_beside_it_the_assented_one_takes_nothing_of_the_budget(space, tmp_path):
    noise = {"noise": "4", "budget": "8", "rows": "3"}
    agreement = await listed(space, "reviewed-noise", tmp_path, gate=gate(space, **noise))
    file = await assent(space, "reviewed-noise", tmp_path)
    exact = [[mean(tmp_path)]]
    assert (await run(space, "reviewed-noise", tmp_path, None))["left"] == "4.00"
    for job in ("a", "b", "c"):
        got = await run(space, "reviewed-noise", tmp_path, file, job=job)
        assert (got["rows"], got["epsilon"], got["left"]) == (exact, None, None)
    assert (await run(space, "reviewed-noise", tmp_path, None))["left"] == "0.00"
    assert (await run(space, "reviewed-noise", tmp_path, file))["rows"] == exact
    assert (await refused(run(space, "reviewed-noise", tmp_path, None)))[0] == 403
    assert sum(row["epsilon"] or 0 for row in jobs(space, agreement)) == 800
    for more in ({"epsilon": "4"}, {"blocks": 20}, {"file": None, "engine": "mean"}):
        assert (await refused(run(space, "reviewed-noise", tmp_path, file, **more)))[0] == 400, more


async def test_a_rule_decides_of_it_as_of_every_program(space, tmp_path):
    """By the digest of what is run and as `PROGRAM`, whatever the reviewer assented to."""
    for product, operand, allowed, status in (
        ("reviewed-named", "algorithm", digest_of(programs.MEAN), 0),
        ("reviewed-unnamed", "algorithm", digest_of(programs.ECHO), 403),
        ("reviewed-function", "computeFunction", "PROGRAM", 0),
        ("reviewed-counts", "computeFunction", "COUNT", 403),
    ):
        constraint = {"leftOperand": operand, "operator": "isAnyOf", "rightOperand": [allowed]}
        rules = {"permission": [{"action": "use", "constraint": [constraint]}]}
        agreement = await listed(space, product, tmp_path, rules=rules, purpose=None, region=None)
        asking = run(space, product, tmp_path, await assent(space, product, tmp_path))
        if status:
            assert (await refused(asking))[0] == status, product
            assert not jobs(space, agreement)
        else:
            assert (await asking)["rows"] == [[mean(tmp_path)]]


async def test_too_few_subjects_and_a_program_that_fails_cost_nothing(space, tmp_path):
    agreement = await listed(space, "reviewed-few", tmp_path)
    few, traps = "select revenue from firms where district = 'Z'", module(tmp_path, programs.TRAPS, "traps.wat")
    one = await assent(space, "reviewed-few", tmp_path, name="few.json", statement=few)
    status, text = await refused(run(space, "reviewed-few", tmp_path, one, statement=few, job="few"))
    assert (status, "fewer than 10 subjects" in text) == (403, True)
    two = await assent(space, "reviewed-few", tmp_path, name="traps.json", file=traps)
    status, text = await refused(run(space, "reviewed-few", tmp_path, two, file=traps, job="traps"))
    assert (status, "the program failed on these rows" in text, "unreachable" in text) == (400, True, False)
    assert {row["job"]: row["state"] for row in jobs(space, agreement)} == {"few": "withheld", "traps": "failed"}
    [copy] = [row for row in space.rows("provider", "copies") if row["agreement"] == agreement]
    assert copy["calls"] == 0


def body(file, folder, **more):
    """What a buyer that keeps to no rule of ours sends."""
    said = json.loads(Path(file).read_text())
    return {
        "id": "odd",
        "statement": said["document"]["statement"],
        "program": base64.b64encode(programs.MEAN).decode(),
        "tells": [["mean", 0.0, 1000.0]],
        "parameters": [],
        "assent": said,
        **more,
    }


async def test_what_differs_from_the_assent_is_refused_at_both_ends_uncounted(space, tmp_path):
    agreement = await listed(space, "reviewed-odd", tmp_path)
    await ask(space, "reviewed-odd", BY_DISTRICT)  # so that a line is there
    file, echo = await assent(space, "reviewed-odd", tmp_path), module(tmp_path, programs.ECHO, "echo.wat")
    before, (url, header) = jobs(space, agreement), address(space, agreement)
    for more in (
        {"file": echo},
        {"statement": ROWS.replace("2024", "2023")},
        {"statement": ROWS.replace(" from", "  from")},
        {"tells": ["mean:0:1001"]},
        {"tells": ["mean:0:1000", "more:0:1"]},
        {"parameters": ["1"]},
    ):
        status, text = await refused(run(space, "reviewed-odd", tmp_path, file, **more))
        assert (status, "the assent does not let this be run" in text) == (403, True), (more, text)
    others = {
        "product": await assent(space, "firms", tmp_path, name="product.json"),
        "buyer": await assent(space, "reviewed-odd", tmp_path, name="buyer.json", buyer=space.did("second")),
        "provider": await assent(space, "reviewed-odd", tmp_path, name="provider.json", provider=space.did("second")),
        "reviewer": await assent(space, "reviewed-odd", tmp_path, name="reviewer.json", by="second"),
    }
    for name, odd in others.items():
        status, text = await refused(run(space, "reviewed-odd", tmp_path, odd))
        assert (status, name in text) == (403, True), (name, text)
    forged = json.loads(Path(file).read_text())
    forged["signature"] = forged["signature"][:-3] + format(int(forged["signature"][-3], 16) ^ 1, "x") + "1b"
    own = _signed(space, "buyer", reviewer=space.did("other"))
    async with aiohttp.ClientSession(headers=header) as session:
        for more, status in (
            ({"statement": ROWS.replace("2024", "2023")}, 403),
            ({"program": base64.b64encode(programs.ECHO).decode()}, 403),
            ({"tells": [["mean", 0.0, 1001.0]]}, 403),
            ({"parameters": [1.0]}, 403),
            *(({"assent": json.loads(Path(odd).read_text())}, 403) for odd in others.values()),
            ({"assent": forged}, 403),
            ({"assent": own}, 403),
            ({"assent": {**forged, "more": 1}}, 400),
            ({"assent": {"document": forged["document"]}}, 400),
            ({"assent": {**forged, "document": {**forged["document"], "v": 2}}}, 400),
            ({"assent": {**forged, "document": {**forged["document"], "statement": "\ud800"}}}, 400),
            ({"assent": None}, 400),
            ({"blocks": 20}, 400),
            ({"epsilon": "1"}, 400),
        ):
            async with session.post(url, data=json.dumps(body(file, tmp_path, **more))) as answer:
                assert answer.status == status, (more, await answer.text())
    assert jobs(space, agreement) == before
    async with (
        aiohttp.ClientSession(headers=header) as session,
        session.post(url, data=json.dumps(body(file, tmp_path))) as answer,
    ):
        assert answer.status == 200, "what is sent so is answered where nothing differs"


def _signed(space, role, **more):
    """An assent that names the reviewer, signed by the key of another member."""
    said = {
        "program": digest_of(programs.MEAN),
        "statement": ROWS,
        "tells": (("mean", 0.0, 1000.0),),
        "parameters": (),
        "product": "reviewed-odd",
        "provider": space.did("provider"),
        "buyer": space.did("buyer"),
        "until": (space.now() + timedelta(days=1)).replace(microsecond=0),
        "why": SAID,
        **more,
    }
    made = Assent(**said)
    return Signed(made, signature.sign(made.digest, space.keys(role).agreement)).json()


async def test_an_assent_ends_by_its_time_and_with_the_membership_of_its_reviewer(space, tmp_path):
    agreement = await listed(space, "reviewed-ended", tmp_path)
    file = await assent(space, "reviewed-ended", tmp_path)
    short = await assent(space, "reviewed-ended", tmp_path, name="short.json", until=later(space, seconds=1))
    got = await run(space, "reviewed-ended", tmp_path, file, job="before")
    status, text = await refused(run(space, "reviewed-ended", tmp_path, short, job="late"))
    assert (status, "it was good until" in text) == (403, True)
    await penstock(space, "exchange", "exchange", "member", "suspend", space.did("other"), "--reason", "a look")
    try:
        status, text = await refused(run(space, "reviewed-ended", tmp_path, file, job="suspended"))
        assert (status, "is suspended" in text) == (403, True)
        assert await run(space, "reviewed-ended", tmp_path, file, job="before") == got, "what was answered stays"
    finally:
        await penstock(space, "exchange", "exchange", "member", "resume", space.did("other"), "--reason", "it is well")
    assert (await run(space, "reviewed-ended", tmp_path, file, job="resumed"))["rows"] == got["rows"]
    assert {row["job"] for row in jobs(space, agreement)} == {"before", "resumed"}
    # under an id there is one assent
    other = await assent(space, "reviewed-ended", tmp_path, name="other.json", why="looked again")
    assert (await refused(run(space, "reviewed-ended", tmp_path, other, job="before")))[0] == 409


async def test_terms_without_a_reviewer_and_odd_ones(space, tmp_path):
    noise = {"subject": "firm", "noise": "4", "budget": "8", "programs": "1"}
    await listed(space, "reviewed-none", tmp_path, gate=noise)
    file = await assent(space, "reviewed-none", tmp_path)
    status, text = await refused(run(space, "reviewed-none", tmp_path, file))
    assert (status, "name nobody" in text) == (400, True)
    whole = gate(space)
    for odd, more in (
        ({"subject": "firm", "reviewer": space.did("other")}, {}),
        ({**whole, "reviewer": "somebody"}, {}),
        ({**whole, "reviewer": ""}, {}),
        ({**whole, "lookup": "10"}, {}),
        ({**whole, "noise": "1", "budget": "5"}, {"unit": "epsilon"}),
        (whole, {"unit": "second"}),
    ):
        assert (await refused(publish(space, "reviewed-never", tmp_path, gate=odd, **more)))[0] in (400, 422), odd


async def test_a_supervisor_finds_nothing_in_what_was_told_by_assent(space, tmp_path):
    """By the logs of all that was asked above, and of one more: each was begun by an assent that lets it be run."""
    await listed(space, "reviewed-audited", tmp_path)
    await run(space, "reviewed-audited", tmp_path, await assent(space, "reviewed-audited", tmp_path))
    asked = ("--exchange", space.url("exchange"), "--development", "--data", space.people["regulator"].data, "--json")
    found = json.loads((await commanded("audit", *asked)).out)
    about = {
        "program-unassented", "epsilon-unagreed", "privacy-overspent", "computation-undecided", "answer-differs",
        "computations-miscounted", "answer-unlogged", "disclosure-missing", "disclosure-false",
    }  # fmt: skip
    assert found["events"] > 10
    assert [one for one in found["findings"] if one["code"] in about] == []


async def test_a_receipt_names_its_assent_and_none_other(space, tmp_path):
    await listed(space, "reviewed-receipt", tmp_path)
    file = await assent(space, "reviewed-receipt", tmp_path)
    receipt = dict((await run(space, "reviewed-receipt", tmp_path, file))["receipt"])
    signed = bytes.fromhex(receipt.pop("signature"))
    account = space.keys("provider").address
    assert signature.is_by(account, call_receipt.digest(receipt), signed)
    assert not signature.is_by(account, call_receipt.digest({**receipt, "assent": "00" * 32}), signed)
    assert canonical(receipt)
