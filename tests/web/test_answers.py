"""The journey on the command line: every command answers with one object of the shape that its row says."""

from __future__ import annotations

import asyncio
import json

import pytest
import pytest_asyncio
from typer.testing import CliRunner

from connector.cli.answers import ANSWERS, FAULT
from connector.cli.main import VERBS, app
from tests.web.space import PURPOSE, term_end

pytestmark = pytest.mark.asyncio(loop_scope="session")

# verbs of the first page whose answer is looked at elsewhere, or that print none
ELSEWHERE = {
    "demo": "tests/connector/demo", "join": "tests/web/test_applications.py", "serve": "it runs until it is stopped",
    "sublicense": "tests/web/test_sublicence.py", "verify": "tests/cli/test_verify.py",
    "audit": "tests/web/test_continuity.py and tests/journey", "leave": "tests/web/test_leaving.py",
}  # fmt: skip
HOLDS = {
    "text": lambda value: isinstance(value, str),
    "digits": lambda value: isinstance(value, str) and value.isascii() and value.isdecimal(),
    "number": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "truth": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "any": lambda _value: True,
}


def unlike(shape, value, at=""):
    """Return where a value is not of its shape, empty where it is."""
    if isinstance(shape, str):
        held = (value is None and shape.endswith("?")) or HOLDS[shape.removesuffix("?")](value)
        return "" if held else f"{at}: {value!r} is no {shape}"
    if isinstance(shape, list):
        if not isinstance(value, list):
            return f"{at}: {value!r} is no list"
        return next(filter(None, (unlike(shape[0], one, f"{at}[{n}]") for n, one in enumerate(value))), "")
    if not isinstance(value, dict):
        return f"{at}: {value!r} is no object"
    known = {name.removesuffix("?"): inner for name, inner in shape.items()}
    if "*" not in shape and (
        odd := (set(shape) - set(value) - {name for name in shape if name[-1] == "?"}) | (set(value) - set(known))
    ):
        return f"{at}: {odd} lack or are too many"
    members = ((name, shape.get("*") or known[name]) for name in value)
    return next(filter(None, (unlike(inner, value[name], f"{at}.{name}") for name, inner in members)), "")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def told(space, tmp_path_factory):
    """Every command of the table, said once by whoever it is for: words → what it printed."""
    folder = tmp_path_factory.mktemp("answers")
    file = folder / "rain.csv"
    file.write_text("day,fall\n" + "".join(f"{day},{day * 2}\n" for day in range(500)))
    found = {}

    async def say(words, *more, by=None):
        where = ("--data", str(space.people[by].data)) if by else ()
        said = await asyncio.to_thread(CliRunner().invoke, app, [*words.split(), *more, *where, "--json"])
        assert said.exit_code == 0, (words, said.stdout, said.stderr, said.exception)
        [line] = said.stdout.splitlines()
        whole = words + (" --dry-run" if "--dry-run" in more else "")
        found[whole if whole in ANSWERS else " ".join(words.split()[:2])] = json.loads(line)
        return json.loads(line)

    about = [str(file), "--title", "Rain told", "--price", "700", "--purpose", PURPOSE, "--region", "US"]
    about += ["--until", term_end(space.now()), "--id", "told"]
    bounds = ("told", "--max-price", "700", "--purpose", PURPOSE)
    await say("init", "--development", "--data", str(folder / "new"))
    await say("publish", *about, "--dry-run", by="provider")
    await say("publish", *about, by="provider")
    await say("exchange review", "told", by="exchange")
    await say("find", "rain", by="buyer")
    await say("quote", "told", by="buyer")
    await say("get", *bounds, "--dry-run", by="buyer")
    got = await say("get", *bounds, "--id", "told", by="buyer")
    await say("show", got["agreement"], by="buyer")
    await say("open", "told", "--purpose", PURPOSE, "--to", str(folder / "opened"), by="buyer")
    await say("settle", "--dry-run", by="provider")
    await say("settle", by="provider")
    example = await say("policy example", "count", "--to", str(folder / "example"))
    policy = example["files"]["policy"]
    await say("policy explain", policy)
    await say("policy check", policy)
    await say("policy compare", policy, policy)
    for words in ("doctor", "searches", "prices", "log head", "log mark", "log forks", "demand list", "service list"):
        await say(words, by="buyer")
    for words in ("resource list", "version list told", "version compare told 1 1"):
        await say(words, by="provider")
    for words in ("exchange connectors", "exchange listings", "exchange member list"):
        await say(words, by="exchange")
    for words in ("space list", "space show main", "bill list", "chain status", "vault list", "admin list"):
        await say(words, by="buyer")
    await say("rights show", got["agreement"], by="buyer")
    await say("vault collect", "--dry-run", by="buyer")
    await say("admin show", got["transfer"], by="buyer")
    await say("admin config", by="buyer")
    await say("admin account list", by="buyer")
    return found


async def test_every_row_is_what_its_command_prints(told):
    assert set(told) == set(ANSWERS)
    assert [f"{words}{where}" for words, shape in ANSWERS.items() if (where := unlike(shape, told[words]))] == []


async def test_the_journey_is_in_the_table():
    assert {verb for verb, _ in VERBS} - set(ANSWERS) == set(ELSEWHERE)


async def test_a_fault_has_one_shape(space):
    data = str(space.people["buyer"].data)
    said = await asyncio.to_thread(CliRunner().invoke, app, ["quote", "nothing-like-it", "--data", data, "--json"])
    [line] = said.stdout.splitlines()
    assert unlike(FAULT, json.loads(line)) == ""
    assert said.exit_code == json.loads(line)["exit"] == 4


async def test_what_is_not_of_its_shape_is_found():
    assert unlike({"a": "text"}, {"a": "x"}) == ""
    assert "b" in unlike({"a": "text"}, {"a": "x", "b": 1})
    assert "[1]" in unlike(["digits"], ["1", "x"])
    assert unlike({"a?": "text"}, {}) == ""
    assert unlike("number", True)
    assert unlike("text?", None) == ""
