"""A project of three parties over HTTP: proposed, signed, worked in, sold under, and shared on chain."""

from __future__ import annotations

import json

import pytest

from contracts import project as projects
from tests.api.refusals import refused
from tests.api.test_console_story import entered
from tests.api.test_rights import told

pytestmark = pytest.mark.asyncio(loop_scope="session")

UNTIL = "2099-01-01T00:00:00Z"


def did(space, role):
    return space.did(role)


def parties(space, shares):
    return [f"{did(space, role)}={what}:{share}" for role, what, share in shares]


THREE = (("provider", "provider", "45"), ("second", "developer", "30.5"), ("buyer", "broker", "24.5"))


async def propose(space, key, shares=THREE, role="provider", **more):
    body = {"id": key, "title": "Credit by power use", "until": UNTIL, "text": "who pays late\nby what it uses"}
    return await space.doors[role].call("POST", "projects", body | {"parties": parties(space, shares)} | more)


async def agreed(space, key, shares=THREE):
    await propose(space, key, shares)
    for role, _, _ in shares[1:]:
        found = await space.doors[role].call("POST", f"projects/{key}/signature", {"digest": ""})
    return found


async def test_all_sign_a_product_is_sold_under_it_and_the_chain_shares_what_is_paid(space):
    proposed = await propose(space, "power")
    assert [one["bps"] for one in proposed["parties"]] == [4500, 3050, 2450]
    assert (proposed["state"], [bool(one["signature"]) for one in proposed["parties"]]) == (
        "proposed",
        [True, False, False],
    )
    assert await propose(space, "power") == proposed
    # nothing is sold under what not all have signed
    files = space.files("power", (65_536,))
    status, text = await refused(space.publish_files("provider", "power-scores", files, project="power"))
    assert (status, "has not signed" in text) == (409, True)
    with_other = {"digest": "00" * 32}
    assert (await refused(space.doors["second"].call("POST", "projects/power/signature", with_other)))[0] == 409
    one = await space.doors["second"].call("POST", "projects/power/signature", {"digest": proposed["digest"]})
    assert one["state"] == "proposed"
    two = await space.doors["buyer"].call("POST", "projects/power/signature", {"digest": ""})
    assert two["state"] == "agreed"
    assert await space.doors["buyer"].call("POST", "projects/power/signature", {"digest": ""}) == two
    [row] = [one for one in (await space.doors["buyer"].call("GET", "projects"))["projects"] if one["id"] == "power"]
    assert (row["state"], row["proposer"]) == ("agreed", did(space, "provider"))

    await space.publish_files("provider", "power-scores", files, project="power", price=100_000)
    await space.get("power-scores", limit=100_000)
    paid = int((await space.complete("power-scores"))["progress"]["paid"])
    await space.doors["provider"].call("POST", "settlements", {"agreement": None})
    shown = await space.doors["second"].call("GET", "projects/power")
    assert shown["products"] == [{"id": "power-scores", "provider": did(space, "provider")}]
    earned = {one["did"]: int(one["earned"]) for one in shown["parties"]}
    assert sum(earned.values()) + paid // 10 == pytest.approx(paid, abs=3)
    assert earned[did(space, "second")] == paid * (3050 * 9000 // 10_000) // 10_000
    assert earned[did(space, "buyer")] == paid * (2450 * 9000 // 10_000) // 10_000
    # each party has on its log what it signed
    for role in ("provider", "second", "buyer"):
        [event] = told(space, role, "project.signed")
        assert event["part"] == shown["digest"]


async def test_what_was_made_is_put_into_the_workspace_with_what_it_was_made_of(space, tmp_path):
    await agreed(space, "worked")
    file = tmp_path / "scores.csv"
    file.write_text("firm,score\nF1,3\n")
    body = {"name": "scores", "file": str(file), "madeOf": [], "note": "a first try"}
    found = await space.doors["second"].call("POST", "projects/worked/results", body)
    [result] = found["results"]
    assert (result["name"], result["by"], result["size"]) == ("scores", did(space, "second"), 16)
    assert await space.doors["second"].call("POST", "projects/worked/results", body) == found
    file.write_text("firm,score\nF1,4\n")
    assert (await refused(space.doors["second"].call("POST", "projects/worked/results", body)))[0] == 409
    assert (await refused(space.doors["second"].call("POST", "projects/worked/results", body | {"file": "/no"})))[
        0
    ] == 400
    for path in ("/dev/zero", "a\0b"):
        wrong = body | {"name": "other", "file": path}
        assert (await refused(space.doors["second"].call("POST", "projects/worked/results", wrong)))[0] == 400
    of_none = body | {"name": "other", "madeOf": ["nobody-has-it"]}
    assert (await refused(space.doors["second"].call("POST", "projects/worked/results", of_none)))[0] == 404


async def test_a_party_reads_and_signs_it_in_the_console(space):
    await propose(space, "seen", title="Seen by all")
    visitor = await entered(space, "buyer")
    try:
        for language, words in (("en", "proposed"), ("zh", "待签署")):
            page = await visitor.open(f"projects?lang={language}")
            assert "Seen by all" in page.text
            assert words in page.text
        page = await visitor.open(next(link for link in page.links if link.endswith("/projects/seen")) + "?lang=en")
        for words in ("30.5 %", "makes something of the data", "not signed yet", "<svg", "nothing yet"):
            assert words in page.text
        signing = next(link for link in page.links if "acts/project-sign" in link)
        looked = await visitor.open(signing + "&preview=1")
        assert [one["state"] for one in space.rows("exchange", "projects") if one["id"] == "seen"] == ["proposed"]
        await visitor.send(looked, "project-sign")
        signed = {one["member"] for one in space.rows("exchange", "project_parties") if one["signature"]}
        assert did(space, "buyer") in signed
        page = await visitor.open("projects/seen")
        assert not any("acts/project-sign" in link for link in page.links)
        assert (await visitor.open("projects/nowhere")).status == 404
    finally:
        await visitor.session.close()


async def test_who_is_no_party_hears_of_none(space):
    two = (("provider", "provider", "60"), ("second", "developer", "40"))
    await agreed(space, "closed", two)
    assert (await refused(space.doors["buyer"].call("GET", "projects/closed")))[0] == 404
    assert (await refused(space.doors["buyer"].call("POST", "projects/closed/end", {"reason": ""})))[0] == 404
    assert "closed" not in json.dumps(await space.doors["buyer"].call("GET", "projects"))


async def test_it_is_declined_withdrawn_and_ended(space):
    await propose(space, "declined")
    assert (await refused(space.doors["buyer"].call("POST", "projects/declined/withdraw", {"reason": ""})))[0] == 403
    assert (await refused(space.doors["buyer"].call("POST", "projects/declined/expire", {"reason": ""})))[0] == 404
    shown = await space.doors["buyer"].call("POST", "projects/declined/decline", {"reason": "too little"})
    assert (shown["state"], shown["reason"]) == ("declined", "too little")
    assert (await refused(space.doors["second"].call("POST", "projects/declined/signature", {"digest": ""})))[0] == 409
    await propose(space, "withdrawn")
    taken = await space.doors["provider"].call("POST", "projects/withdrawn/withdraw", {"reason": ""})
    assert taken["state"] == "withdrawn"
    await agreed(space, "ended")
    await space.doors["buyer"].call("POST", "projects/ended/end", {"reason": "done"})
    files = space.files("ended", (65_536,))
    status, text = await refused(space.publish_files("provider", "ended-scores", files, project="ended"))
    assert (status, "is ended" in text) == (409, True)


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"until": "2020-01-01T00:00:00Z"}, 400, "is over"),
        ({"until": "soon"}, 400, "no date"),
        ({"parties": ["did:web:nobody.example=provider:100"]}, 400, "no member"),
        ({"parties": ["bank"]}, 400, "no party"),
        ({"title": ""}, 400, "`title`"),
        ({"id": "no id"}, 400, "`id`"),
    ],
)
async def test_what_is_no_project_is_refused_in_words(space, change, status, said):
    found = await refused(propose(space, "wrong", **change))
    assert (found[0], said in found[1]) == (status, True), found


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ((("provider", "provider", "50"), ("buyer", "broker", "40")), "100 per cent"),
        ((("provider", "provider", "60"), ("provider", "broker", "40")), "twice"),
        ((("provider", "thief", "60"), ("buyer", "broker", "40")), "thief"),
        ((("second", "provider", "60"), ("buyer", "broker", "40")), "does not name us"),
        ((("provider", "provider", "100"),), "2 to 16"),
    ],
)
async def test_parties_that_do_not_add_up_are_refused(space, shares, said):
    status, text = await refused(propose(space, "odd", shares))
    assert (status in (400, 403), said in text) == (True, True), text


async def test_an_id_is_of_one_project(space):
    await propose(space, "taken")
    status, text = await refused(propose(space, "taken", title="Another"))
    assert (status, "another project" in text) == (409, True)


async def test_the_exchange_takes_no_product_that_is_not_split_as_its_project_says(space, say):
    """A provider that keeps all to itself, and one that is no party, are refused by the exchange."""
    await agreed(space, "honest")
    [row] = [one for one in space.rows("exchange", "projects") if one["id"] == "honest"]
    await space.publish_files("provider", "kept-to-itself", space.files("kept", (65_536,)))
    [product] = [one for one in space.rows("provider", "products") if one["id"] == "kept-to-itself"]
    [edition] = [one for one in space.rows("provider", "editions") if one["id"] == product["edition"]]
    terms = json.loads(product["terms"]) if isinstance(product["terms"], str) else product["terms"]
    read = {
        name: json.loads(product[name]) if isinstance(product[name], str) else product[name]
        for name in ("dataset", "limits", "policy")
    }
    header = json.loads(edition["header"]) if isinstance(edition["header"], str) else edition["header"]
    body = {
        "id": product["id"],
        "title": product["title"],
        "tier": product["tier"],
        "dataset": read["dataset"],
        "offer": {
            "id": "x",
            "ask": read["limits"]["ask"],
            "terms": terms | {"project": row["digest"]},
            "policy": read["policy"],
        },
        "header": header,
        "edition": product["edition"],
    }
    url = f"{space.url('exchange')}/exchange/products"
    found = await say("POST", url, body, space.bearer("provider", "exchange"))
    assert (found.status, "not split" in found.body.decode()) == (400, True), found.body
    body["offer"]["terms"]["project"] = "00" * 32
    assert (await say("POST", url, body, space.bearer("provider", "exchange"))).status == 403


async def test_a_document_is_read_strictly(space):
    made = await propose(space, "read")
    [row] = [one for one in space.rows("exchange", "projects") if one["id"] == "read"]
    document = json.loads(row["document"]) if isinstance(row["document"], str) else row["document"]
    assert projects.from_json(document).digest.hex() == made["digest"]
