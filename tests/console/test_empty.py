"""A participant that has nothing: each page says what it is for and what is next, to each role, in both languages."""

from __future__ import annotations

import json
import re

import pytest
import pytest_asyncio
import typer

from connector.cli.main import app
from connector.console.beginnings import BEGINNINGS
from connector.console.pages import PAGES
from tests.api.lone import lone
from tests.api.visitor import Visitor
from tests.console.conftest import ROLES
from tests.every import every

pytestmark = pytest.mark.asyncio(loop_scope="session")

WITHOUT_ID = [page for page in PAGES if "{" not in page.path]
EMPTY = re.compile(r'<p class="empty">(.*?)</p>', re.DOTALL)
NEXT = re.compile(r'<a class="button" href="([^"]+)">[^<]+</a>|<code>([^<]+)</code>')
WORDS_LEAST = {"en": 4, "zh": 1}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def nobody(tmp_path_factory):
    """A participant of every role, just made, with an account that looks for each role."""
    folder, visitors = tmp_path_factory.mktemp("empty"), {}
    async with lone(folder / "data", ROLES) as made:
        for role in ROLES:
            await made.accounts.add(role, [role], operator=True)
            for lang in WORDS_LEAST:
                visitors[role, lang] = Visitor(made.url, lang)
                await visitors[role, lang].open("enter?token=" + (await made.accounts.link(role))["token"])
        yield visitors
        for visitor in visitors.values():
            await visitor.session.close()


@pytest.mark.parametrize("lang", sorted(WORDS_LEAST))
@pytest.mark.parametrize("role", ROLES)
async def test_each_page_with_nothing_says_what_it_is_for_and_what_comes_next(nobody, role, lang):
    visitor, wrong, empty = nobody[role, lang], [], 0
    for page in WITHOUT_ID:
        if role not in page.roles:
            continue
        seen = await visitor.open(page.path.lstrip("/"))
        data = json.loads((await visitor.open(page.path.lstrip("/") + ".json")).text)
        told = EMPTY.search(seen.text)
        if data.get("rows") == [] and not data.get("folders") and not data.get("uploads") and told is None:
            wrong.append((page.name, "says nothing"))
        if told is None:
            continue
        empty += 1
        said = re.sub(r"<[^>]+>.*?</[^>]+>", "", told[1]).strip()
        found = NEXT.search(seen.text[told.start() :])
        if len(said.split()) < WORDS_LEAST[lang] or found is None:
            wrong.append((page.name, said))
        elif found[1] and (await visitor.open(found[1])).status != 200:
            wrong.append((page.name, found[1]))
    assert not wrong
    assert empty >= 4, "this participant has nothing"


@pytest.mark.parametrize("role", ROLES)
async def test_the_first_page_says_where_to_begin(nobody, role):
    told = json.loads((await nobody[role, "en"].open("overview.json")).text)
    assert told["beginnings"]


@every("name", sorted(BEGINNINGS))
async def test_a_beginning_is_a_page_that_its_readers_may_see_or_a_command(name):
    there = BEGINNINGS[name]
    (empty,) = [page for page in PAGES if page.name == name]
    if there.startswith("/"):
        (page,) = [one for one in PAGES if one.path == there]
        assert empty.roles <= page.roles
        return
    command = typer.main.get_command(app)
    for word in there.split()[1:]:
        command = command.commands[word]
