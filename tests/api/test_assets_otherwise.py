"""Products that our own commands published, as clients of the Management API see them: found, shown, and left alone."""

from __future__ import annotations

import pytest
import pytest_asyncio

from tests.api.test_assets import NS, OURS, address, ask, constraint, policy, selects  # noqa: F401  # `ask` is a fixture

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRODUCT = "published-otherwise"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def published(space):
    told = {"title": "Tides of the north", "description": "By the hour"}
    await space.publish_files("provider", PRODUCT, space.files(PRODUCT, (70_000,)), **told)


async def asked(ask, *criteria, **more):  # noqa: F811  # the fixture, handed on
    return await ask("provider", "POST", "assets/request", {"filterExpression": [*criteria], **more})


async def test_it_is_found_by_its_id_and_its_name(ask, published):  # noqa: F811  # the fixture
    for criterion in (selects("id", PRODUCT)[0], selects("name", "Tides of the north")[0]):
        [found] = await asked(ask, criterion)
        assert (found["@id"], found["@type"]) == (PRODUCT, "Asset")
        assert found["properties"] == {"id": PRODUCT, "name": "Tides of the north", "description": "By the hour"}
        assert found["privateProperties"][OURS + "state"] == "offered"
    like = {"operandLeft": NS + "name", "operator": "ilike", "operandRight": "%TIDES of%"}
    assert [one["@id"] for one in await asked(ask, like)] == [PRODUCT]
    assert await asked(ask, selects("name", "Tides of the south")[0]) == []
    assert await ask("provider", "GET", f"assets/{PRODUCT}") == found


async def test_each_is_listed_once_and_in_order(ask, published):  # noqa: F811  # the fixture
    listed = await asked(ask, limit=500, sortField="createdAt", sortOrder="DESC")
    keys = [one["@id"] for one in listed]
    assert PRODUCT in keys
    assert len(keys) == len(set(keys))
    assert [one["createdAt"] for one in listed] == sorted((one["createdAt"] for one in listed), reverse=True)
    paged = [one["@id"] for at in (0, 1) for one in await asked(ask, limit=1, offset=at, sortOrder="DESC")]
    assert paged == keys[:2]


async def test_a_client_neither_changes_nor_removes_it(ask, published, space):  # noqa: F811  # the fixture
    body = {"@id": PRODUCT, "properties": {"name": "Mine"}, "dataAddress": address("http://localhost:8090/table.csv")}
    for method, path, told in (
        ("PUT", "assets", body),
        ("DELETE", f"assets/{PRODUCT}", None),
        ("POST", "assets", body),
    ):
        [refused] = await ask("provider", method, path, told, 409)
        assert "otherwise" in refused["message"]
    [row] = [one for one in space.rows("provider", "products") if one["id"] == PRODUCT]
    assert row["title"] == "Tides of the north"


async def test_the_plan_of_a_policy_says_what_a_scope_asks(ask, owner):  # noqa: F811  # the fixture
    rules = policy(constraint("recipient", "eq", "did:web:other.example"), constraint("count", "lteq", 3))
    await ask("provider", "POST", "policydefinitions", {"@id": "planned", "policy": rules})
    path = "policydefinitions/planned/evaluationplan"
    told = await ask("provider", "POST", path, {"policyScope": "catalog"})
    [step] = told["permissionSteps"]
    asked = {one["functionParams"][0]: one["isFiltered"] for one in step["constraintSteps"]}
    assert asked == {"recipient": False, "count": True}
    body = {"@context": ["https://w3id.org/edc/connector/management/v2"], "@type": "PolicyEvaluationPlanRequest"}
    said = await owner("provider", "POST", "v4/" + path, body | {"policyScope": "use"})
    assert said.status == 200, said.body
    assert not any(one["isFiltered"] for one in said.json["permissionSteps"][0]["constraintSteps"])
    for wrong in ({}, {"policyScope": "shop"}):
        [refused] = await ask("provider", "POST", path, wrong, 400)
        assert refused["path"] == "policyScope"
    await ask("provider", "POST", "policydefinitions/nobody/evaluationplan", {"policyScope": "use"}, 404)
    await ask("provider", "DELETE", "policydefinitions/planned", status=204)
