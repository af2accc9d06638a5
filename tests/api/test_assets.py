"""The Management API of EDC in a space of ours: what its clients write is offered, negotiated, signed and fetched."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

pytestmark = pytest.mark.asyncio(loop_scope="session")

NS, OURS = "https://w3id.org/edc/v0.0.1/ns/", "https://w3id.org/penstock/ns/"
CONTEXT = {"@vocab": NS}
CONTENT = b"gauge,height\n" + b"".join(b"%d,%d\n" % (number, number % 7) for number in range(500))
WITHIN_SECONDS = 30
BOTH = {"accessPolicyId": "none", "contractPolicyId": "none"}
ENDS = ("FINALIZED", "TERMINATED")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def source():
    async def give(_request):
        return web.Response(body=CONTENT, content_type="text/csv")

    app = web.Application()
    app.router.add_get("/table.csv", give)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "localhost", 0).start()
    yield f"http://localhost:{runner.addresses[0][1]}/table.csv"
    await runner.cleanup()


@pytest.fixture
def ask(owner):
    async def ask(who, method, path, body=None, status=200):
        told = {"@context": CONTEXT, **body} if body is not None else None
        said = await owner(who, method, "v3/" + path, told)
        assert said.status == status, said.body
        return said.json if said.body else None

    return ask


def policy(*constraints, **more):
    rule = {"action": "use"} | ({"constraint": list(constraints)} if constraints else {})
    return {"@context": "http://www.w3.org/ns/odrl.jsonld", "@type": "Set", "permission": [rule]} | more


def address(base, **more):
    return {"type": "HttpData", "baseUrl": base, **more}


def constraint(left, operator, right):
    return {"leftOperand": left, "operator": operator, "rightOperand": right}


def selects(field, value):
    return [{"operandLeft": NS + field, "operator": "=", "operandRight": value}]


async def until(look, holds):
    found, loop = None, asyncio.get_running_loop()
    end = loop.time() + WITHIN_SECONDS
    while not holds(found := await look()):
        assert loop.time() < end, found
        await asyncio.sleep(0.05)
    return found


async def state(ask, key):
    return (await told(ask, key))[OURS + "state"]


async def told(ask, key):
    return (await ask("provider", "GET", f"assets/{key}"))["privateProperties"]


async def write(ask, key, source, rules=None, access=None, **properties):
    """Write an asset with its own policies and definition."""
    await ask("provider", "POST", "assets", {"@id": key, "properties": properties, "dataAddress": address(source)})
    await ask("provider", "POST", "policydefinitions", {"@id": key, "policy": rules or policy()})
    await ask("provider", "POST", "policydefinitions", {"@id": key + "-access", "policy": access or policy()})
    definition = {"accessPolicyId": key + "-access", "contractPolicyId": key, "assetsSelector": selects("id", key)}
    await ask("provider", "POST", "contractdefinitions", {"@id": key, **definition})
    await until(lambda: told(ask, key), lambda found: found[OURS + "state"] == "offered")


async def catalogue(ask, space, key):
    whom = {"counterPartyAddress": space.url("provider") + "/dsp", "counterPartyId": space.did("provider")}
    spec = {"filterExpression": selects("id", key)}
    found = await ask("buyer", "POST", "catalog/request", {**whom, "querySpec": spec})
    return found.get("dataset", [])


async def request(ask, space, key):
    """Return what a buyer asks with for the first offer of an asset."""
    [dataset] = await catalogue(ask, space, key)
    offer = {name: dataset["hasPolicy"][0][name] for name in ("@id", "permission")}
    told = {"@context": "http://www.w3.org/ns/odrl.jsonld", "@type": "Offer", "target": key, **offer}
    told["assigner"] = space.did("provider")
    return {"counterPartyAddress": space.url("provider") + "/dsp", "policy": told}


async def agreed(ask, space, key):
    begun = await ask("buyer", "POST", "contractnegotiations", await request(ask, space, key))
    look = f"contractnegotiations/{begun['@id']}"
    ended = await until(lambda: ask("buyer", "GET", look), lambda told: told["state"] in ENDS)
    assert ended["state"] == "FINALIZED", ended
    return ended


async def fetch(reference):
    headers = {"Authorization": reference["authorization"]}
    async with aiohttp.ClientSession() as session, session.get(reference["endpoint"], headers=headers) as answer:
        return answer.status, await answer.read()


async def test_what_a_client_writes_is_signed_and_fetched(space, ask, source):
    rules = policy(constraint("count", "lteq", 100))
    await write(ask, "edc-signed", source, rules, name="Gauges", kind="table")
    ended = await agreed(ask, space, "edc-signed")
    agreement = await ask("buyer", "GET", f"contractnegotiations/{ended['@id']}/agreement")
    assert (agreement["assetId"], agreement["consumerId"]) == ("edc-signed", space.did("buyer"))
    # among members it is a contract of ours: signed by both, with terms that its client never saw
    digest = agreement["@id"].rpartition(":")[2]
    [row] = [one for one in space.rows("buyer", "agreements") if one["digest"] == digest]
    assert row["provider_signature"], row
    assert row["buyer_signature"]
    transfer = {"contractId": agreement["@id"], "transferType": "HttpData-PULL"}
    begun = (await ask("buyer", "POST", "transferprocesses", transfer))["@id"]
    look = f"transferprocesses/{begun}"
    await until(lambda: ask("buyer", "GET", look), lambda told: told["state"] == "STARTED")
    assert await fetch(await ask("buyer", "GET", f"edrs/{begun}/dataaddress")) == (200, CONTENT)
    await ask("buyer", "POST", look + "/suspend", {"reason": "a while"}, 204)
    await until(lambda: ask("buyer", "GET", look + "/state"), lambda told: told["state"] == "SUSPENDED")
    await ask("buyer", "GET", f"edrs/{begun}/dataaddress", status=404)
    await ask("buyer", "POST", look + "/resume", status=204)
    await until(lambda: ask("buyer", "GET", look + "/state"), lambda told: told["state"] == "STARTED")
    assert (await fetch(await ask("buyer", "GET", f"edrs/{begun}/dataaddress")))[0] == 200
    await ask("buyer", "DELETE", f"edrs/{begun}", status=204)
    await ask("buyer", "GET", f"edrs/{begun}/dataaddress", status=404)
    await ask("buyer", "POST", look + "/terminate", {"reason": "enough"}, 204)
    await until(lambda: ask("buyer", "GET", look + "/state"), lambda told: told["state"] == "TERMINATED")
    ended = await ask("buyer", "GET", look)
    assert ended["errorDetail"]


async def test_a_price_in_the_policy_is_the_products(space, ask, source):
    pay = {"action": "compensate", "constraint": [constraint("payAmount", "eq", "250")]}
    await write(ask, "edc-priced", source, policy(obligation=[pay]))
    [row] = [one for one in space.rows("provider", "products") if one["id"] == "edc-priced"]
    assert json.loads(row["limits"])["ask"] == "250"
    [dataset] = await catalogue(ask, space, "edc-priced")
    assert dataset["hasPolicy"][0]["obligation"][0]["constraint"][0]["rightOperand"] == "250"


async def test_who_may_not_know_of_an_asset_neither_sees_nor_gets_it(space, ask, source):
    hidden = policy(constraint("recipient", "eq", "did:web:other.example"))
    await write(ask, "edc-hidden", source, access=hidden)
    assert await catalogue(ask, space, "edc-hidden") == []
    told = {"@id": "edc-hidden#offer", "@type": "Offer", "target": "edc-hidden", **policy(), "assigner": "x"}
    body = {"counterPartyAddress": space.url("provider") + "/dsp", "policy": {**told, "@type": "Offer"}}
    begun = await ask("buyer", "POST", "contractnegotiations", body)
    look = f"contractnegotiations/{begun['@id']}"
    ended = await until(lambda: ask("buyer", "GET", look), lambda found: found["state"] in ENDS)
    assert ended["state"] == "TERMINATED"
    assert "is not an offer" in ended["errorDetail"]


async def test_several_definitions_are_several_offers_each_for_whom_it_is(space, ask, source):
    other = policy(constraint("recipient", "eq", "did:web:other.example"))
    await write(ask, "edc-several", source, policy(constraint("count", "lteq", 3)), access=other)
    for number in (1, 2):
        key = f"edc-several-{number}"
        await ask(
            "provider", "POST", "policydefinitions", {"@id": key, "policy": policy(constraint("count", "lteq", number))}
        )
        body = {"accessPolicyId": key, "contractPolicyId": key, "assetsSelector": selects("id", "edc-several")}
        await ask("provider", "POST", "contractdefinitions", {"@id": key, **body})
    [dataset] = await until(
        lambda: catalogue(ask, space, "edc-several"), lambda told: told and len(told[0]["hasPolicy"]) == 2
    )
    counts = [one["permission"][0]["constraint"][0]["rightOperand"] for one in dataset["hasPolicy"]]
    assert counts == ["1", "2"]
    ended = await agreed(ask, space, "edc-several")
    agreement = await ask("buyer", "GET", f"contractnegotiations/{ended['@id']}/agreement")
    told = agreement["policy"]["odrl:permission"][0]["odrl:constraint"][0]["odrl:rightOperand"]
    assert told == "1"
    for number in (1, 2):
        await ask("provider", "DELETE", f"contractdefinitions/edc-several-{number}", status=204)
    assert await until(lambda: catalogue(ask, space, "edc-several"), lambda told: not told) == []


async def test_an_asset_that_cannot_be_published_says_why(ask, source):
    gone = source.replace("table.csv", "gone.csv")
    await ask("provider", "POST", "assets", {"@id": "edc-gone", "properties": {}, "dataAddress": address(gone)})
    await ask("provider", "POST", "policydefinitions", {"@id": "edc-gone", "policy": policy()})
    body = {"accessPolicyId": "edc-gone", "contractPolicyId": "edc-gone", "assetsSelector": selects("id", "edc-gone")}
    await ask("provider", "POST", "contractdefinitions", {"@id": "edc-gone", **body})
    await until(lambda: state(ask, "edc-gone"), lambda told: told == "not published")
    asset = await ask("provider", "GET", "assets/edc-gone")
    assert "gone.csv" in asset["privateProperties"][OURS + "reason"]
    # mended, it is offered
    await ask("provider", "PUT", "assets", {"@id": "edc-gone", "dataAddress": address(source)}, 204)
    await until(lambda: state(ask, "edc-gone"), lambda told: told == "offered")


async def test_queries_are_answered_or_refused_by_name(ask, source):
    for number in range(3):
        properties = {"name": f"Query {number}", "https://x.example/kind": "q"}
        body = {"@id": f"edc-query-{number}", "properties": properties, "dataAddress": address(source)}
        await ask("provider", "POST", "assets", body)

    async def found(*criteria, **more):
        told = [dict(zip(("operandLeft", "operator", "operandRight"), one, strict=True)) for one in criteria]
        listed = await ask("provider", "POST", "assets/request", {"filterExpression": told, **more})
        return [one["@id"] for one in listed]

    kind = ("https://x.example/kind", "=", "q")
    assert await found(kind) == [f"edc-query-{number}" for number in range(3)]
    assert await found(kind, sortField="createdAt", sortOrder="DESC", limit=1) == ["edc-query-2"]
    assert await found(kind, offset=1, limit=1) == ["edc-query-1"]
    assert await found(kind, ("name", "like", "%1")) == ["edc-query-1"]
    assert await found(kind, ("name", "like", "query%")) == []
    assert await found(kind, ("name", "ilike", "query%"), (NS + "id", "in", ["edc-query-2", "none"])) == ["edc-query-2"]
    assert await found(("nothing-has-this", "=", "1")) == []
    for path in ("contractnegotiations", "transferprocesses", "contractagreements", "policydefinitions"):
        told = {"filterExpression": selects("whatever", "x")}
        [fault] = await ask("provider", "POST", path + "/request", told, 400)
        assert "`whatever`" in fault["message"]
    listed = await ask(
        "provider", "POST", "contractnegotiations/request", {"filterExpression": selects("state", "1200")}
    )
    named = await ask(
        "provider", "POST", "contractnegotiations/request", {"filterExpression": selects("state", "FINALIZED")}
    )
    assert [one["@id"] for one in listed] == [one["@id"] for one in named]


@pytest.mark.parametrize(
    ("path", "body", "path_of"),
    [
        ("assets", {"properties": {}}, "dataAddress"),
        ("assets", {"dataAddress": {"type": "Kafka"}}, "dataAddress/type"),
        ("assets", {"dataAddress": address("ftp://x")}, "dataAddress/baseUrl"),
        (
            "assets",
            {"dataAddress": {"type": "HttpData", "baseUrl": "http://x", "authCode": "s"}},
            "dataAddress/authCode",
        ),
        ("policydefinitions", {"policy": policy(constraint("nobodyKnows", "eq", "x"))}, "policy"),
        ("policydefinitions", {}, "policy"),
        ("contractdefinitions", BOTH, "accessPolicyId"),
        ("contractdefinitions", {"contractPolicyId": 7}, "accessPolicyId"),
        ("contractdefinitions", BOTH | {"assetsSelector": ["x", "y"]}, "filterExpression"),
    ],
)
async def test_what_is_wrong_is_named(ask, path, body, path_of):
    faults = await ask("provider", "POST", path, body, 400)
    assert {one["type"] for one in faults} == {"ValidationFailure"}
    assert path_of in [one["path"] for one in faults]


async def test_contexts_are_known_or_refused_and_never_fetched(owner):
    body = {"@context": "https://w3id.org/somebody/else", "dataAddress": address("http://x")}
    said = await owner("provider", "POST", "v3/assets", body)
    assert said.status == 400
    assert "none is fetched" in said.json[0]["message"]


async def test_what_is_in_use_is_not_taken_away(ask, source):
    await write(ask, "edc-used", source)
    [fault] = await ask("provider", "DELETE", "policydefinitions/edc-used", status=409)
    assert fault["type"] == "ObjectConflict"
    other = {"@id": "edc-used", "policy": policy(constraint("count", "lteq", 1))}
    await ask("provider", "PUT", "policydefinitions/edc-used", other, 409)
    await ask("provider", "POST", "assets", {"@id": "edc-used", "dataAddress": address(source)}, 409)
    await ask("provider", "DELETE", "contractdefinitions/edc-used", status=204)
    for key in ("edc-used", "edc-used-access"):
        await ask("provider", "DELETE", f"policydefinitions/{key}", status=204)
    await ask("provider", "DELETE", "assets/edc-used", status=204)
    await ask("provider", "GET", "assets/edc-used", status=404)
    # and the same id again
    await write(ask, "edc-used", source)


async def test_older_clients_find_older_names(space, ask, owner, source):
    await write(ask, "edc-older", source, name="Older")
    whom = {"counterPartyAddress": space.url("provider") + "/dsp", "protocol": "dataspace-protocol-http"}
    told = {"@context": CONTEXT, **whom, "querySpec": {"filterExpression": selects("id", "edc-older")}}
    found = await owner("buyer", "POST", "v2/catalog/request", told)
    [dataset] = found.json["dcat:dataset"]
    assert (dataset["id"], dataset["name"], dataset["@type"]) == ("edc-older", "Older", "dcat:Dataset")
    [offer] = dataset["odrl:hasPolicy"]
    assert offer["odrl:permission"][0]["odrl:action"] == {"@id": "odrl:use"}


async def test_the_newest_release_takes_and_tells_its_own_forms(space, owner, source):
    newest = "https://w3id.org/edc/connector/management/v2"

    async def ask(who, method, path, body=None, status=200):
        told = {"@context": [newest], **body} if body is not None else None
        said = await owner(who, method, "v4/" + path, told)
        assert said.status == status, said.body
        return said.json if said.body else None

    rule = {"@type": "Permission", "action": "use", "constraint": [constraint("count", "lteq", "7")]}
    metadata = {"@type": "DataplaneMetadata", "properties": {"type": "HttpData", "baseUrl": source}}
    asset = {"@type": "Asset", "@id": "edc-four", "properties": {"name": "Four"}, "dataplaneMetadata": metadata}
    await ask("provider", "POST", "assets", asset)
    del rule["@type"]
    rules = {"@type": "PolicyDefinition", "@id": "edc-four", "policy": {"@type": "Set", "permission": [rule]}}
    await ask("provider", "POST", "policydefinitions", rules)
    told = await ask("provider", "GET", "policydefinitions/edc-four")
    assert told["policy"]["permission"] == [{"action": "use", "constraint": [constraint("odrl:count", "lteq", "7")]}]
    one = {"@type": "Criterion", **selects("id", "edc-four")[0]}
    definition = {"accessPolicyId": "edc-four", "contractPolicyId": "edc-four", "assetsSelector": [one]}
    await ask(
        "provider", "POST", "contractdefinitions", {"@type": "ContractDefinition", "@id": "edc-four", **definition}
    )

    async def look():
        return (await ask("provider", "GET", "assets/edc-four"))["privateProperties"][OURS + "state"]

    await until(look, lambda found: found == "offered")
    assert (await ask("provider", "GET", "assets/edc-four"))["dataplaneMetadata"] == metadata
    whom = {"counterPartyAddress": space.url("provider") + "/dsp", "counterPartyId": space.did("provider")}
    spoken = {"protocol": "dataspace-protocol-http:2025-1"}
    spec = {"@type": "QuerySpec", "filterExpression": [one]}
    found = await ask(
        "buyer", "POST", "catalog/request", {"@type": "CatalogRequest", **whom, **spoken, "querySpec": spec}
    )
    [offer] = found["dataset"][0]["hasPolicy"]
    named = {"@id": offer["@id"], "permission": offer["permission"], "target": "edc-four"}
    policy_of = {"@type": "Offer", "assigner": space.did("provider"), **named}
    body = {
        "@type": "ContractRequest",
        "counterPartyAddress": whom["counterPartyAddress"],
        **spoken,
        "policy": policy_of,
    }
    begun = await ask("buyer", "POST", "contractnegotiations", body)
    look_at = f"contractnegotiations/{begun['@id']}"
    ended = await until(lambda: ask("buyer", "GET", look_at), lambda told: told["state"] in ENDS)
    assert (ended["state"], ended["profile"]) == ("FINALIZED", spoken["protocol"])
    transfer = {"@type": "TransferRequest", "counterPartyAddress": whom["counterPartyAddress"], **spoken}
    transfer |= {"contractId": ended["contractAgreementId"], "transferType": "HttpData-PULL"}
    pid = (await ask("buyer", "POST", "transferprocesses", transfer))["@id"]
    await until(lambda: ask("buyer", "GET", f"transferprocesses/{pid}"), lambda told: told["state"] == "STARTED")
    await ask("buyer", "POST", f"transferprocesses/{pid}/terminate", {"@type": "TerminateTransfer"}, 204)
    # what release 3 lets pass, it does not
    for wrong in ({"properties": {}}, {"@type": "Asset"}, {"@type": "Asset", "properties": {}, "@context": newest}):
        await ask("provider", "POST", "assets", wrong, 400)
    await ask("provider", "POST", "assets/request", {"@type": "QuerySpec", "filterExpression": selects("id", "x")}, 400)
    both = {"@type": "CatalogRequest", **whom, **spoken, "profile": "x"}
    await ask("buyer", "POST", "catalog/request", both, 400)
    await ask("buyer", "POST", "edrs/request", {"@type": "QuerySpec"}, 404)
    # nobody is called back from here, and who wants to be is told so
    await ask("buyer", "POST", "transferprocesses", transfer | {"callbackAddresses": [{"uri": "http://x"}]}, 400)


async def test_what_not_everybody_may_know_of_is_on_no_list(space, ask, owner, source):
    async def listed(key):
        said = await owner("buyer", "GET", f"offers/{key}")
        assert said.status in (200, 404), said.body
        return said.status == 200

    key = "edc-listed"
    await write(ask, key, source)
    await owner("exchange", "POST", f"listings/{key}/review", {})
    assert await listed(key)
    hidden = policy(constraint("recipient", "eq", space.did("buyer")))
    await ask("provider", "POST", "policydefinitions", {"@id": "edc-few", "policy": hidden})
    definition = {"@id": key, "contractPolicyId": key, "assetsSelector": selects("id", key)}
    for access, seen in (("edc-few", False), (key, True), ("edc-few", False)):
        await ask("provider", "PUT", "contractdefinitions", {**definition, "accessPolicyId": access}, 204)
        await until(lambda: state(ask, key), lambda told: told in ("offered", "not published"))
        asset = await ask("provider", "GET", f"assets/{key}")
        assert await state(ask, key) == "offered", asset
        if seen:  # which is reviewed like the first
            said = await owner("exchange", "POST", f"listings/{key}/review", {})
            assert said.status == 200, (said.body, asset)
        assert await listed(key) is seen, asset
        # whoever may know of it finds it where it is
        assert len(await catalogue(ask, space, key)) == 1
