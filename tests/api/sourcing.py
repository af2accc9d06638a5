"""What the journeys of operands are made of: a product under a policy, bought, opened, or refused in words."""

from __future__ import annotations

import pytest
import pytest_asyncio

from connector.runtime.errors import PenstockError, explain_failure
from policy.words.sentences import ENGLISH
from tests.api.space import PURPOSE

ROWS = "day,millimetres\n" + "".join(f"{day},{day * 3 % 17}\n" for day in range(400))
BESIDES = {"classes": {"topic": "B0300"}, "grade": 2}


def words(name):
    """Return what an operand is called in a refusal."""
    return ENGLISH.operands[name]


def constraint(left, operator, right, **more):
    return {"leftOperand": left, "operator": operator, "rightOperand": right, **more}


def permitting(action, *constraints):
    return {"action": action, "constraint": list(constraints)}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def offered(space, tmp_path_factory):
    """Publish a product under a policy; returns its id."""
    path = tmp_path_factory.mktemp("tables") / "rain.csv"
    path.write_text(ROWS)

    async def publish(product, *permissions, **brief):
        usual = {"purpose": None, "region": None, "price": 1000, "rules": {"permission": list(permissions)}}
        await space.publish_files("provider", product, [path], **{**usual, **BESIDES, **brief})
        return product

    return publish


def mandate(said=None):
    return {"limit": "1000", "purpose": PURPOSE, **({} if said is None else {"said": said})}


async def bought(space, product, said=None):
    body = {"id": product, "product": product, "mandate": mandate(said)}
    await space.doors["buyer"].call("POST", "acquisitions", body)
    return await space.complete(product)


async def opened(space, product, name, said=None):
    body = {"id": f"{product}-{name}", "acquisition": product, "purpose": PURPOSE}
    return await space.doors["buyer"].call("POST", "openings", body | ({} if said is None else {"said": said}))


async def refused(asked):
    """Return the words that something is refused with; it must be by a policy (4: it is for others, and not seen)."""
    with pytest.raises(PenstockError) as fault:
        await asked
    told = explain_failure(fault.value)
    assert told.exit_code in (3, 4, 5), told
    return told.text + told.hint


async def foreseen(space, product, said=None):
    body = {"product": product, "mandate": mandate(said)}
    return await space.doors["buyer"].call("POST", "foresights", body)
