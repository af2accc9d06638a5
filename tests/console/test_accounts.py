"""Signing in: right and wrong, locked out, once by a link, with a code that counts once; and how a session ends."""

from __future__ import annotations

import asyncio
import re
import threading

import pyotp
import pytest
from argon2 import Type

from connector.console import accounts, passwords, sessions
from connector.runtime.errors import Conflict, InvalidInput, NotPermitted, Unproven
from tests.api.visitor import Visitor
from tests.console.conftest import AS_SERVED

pytestmark = pytest.mark.asyncio(loop_scope="session")


def code_of(made, clock):
    return pyotp.parse_uri(made["codes"]).at(clock.now())


async def test_name_and_password_let_in_who_may_look(connector, clock):
    made = await connector.accounts.add("looker", ["buyer"], operator=False)
    assert made["codes"] is None
    await connector.accounts.check("looker", made["password"], "")
    for name, password in (("looker", made["password"] + "x"), ("nobody", made["password"]), ("", "")):
        with pytest.raises(Unproven, match="is wrong, or the account is locked"):
            await connector.accounts.check(name, password, "")


async def test_a_hash_takes_64_mib_and_more_than_one_pass():
    made = AS_SERVED()
    assert (made.memory_cost, made.type) == (64 * 1024, Type.ID)
    assert made.time_cost > 1
    assert made.verify(made.hash("a word to be kept"), "a word to be kept")


async def test_no_hash_is_made_on_the_event_loop(monkeypatch):
    """Not even the first one of a name that nobody has."""
    made, real = [], passwords.PasswordHasher.hash
    monkeypatch.setattr(
        passwords.PasswordHasher,
        "hash",
        lambda self, password: made.append(threading.current_thread()) or real(self, password),
    )
    passwords._nobodys.cache_clear()
    assert not await passwords.Hashing().matches("", "guess")
    assert made
    assert threading.main_thread() not in made


async def test_who_may_act_needs_a_code_and_each_counts_once(connector, clock):
    made = await connector.accounts.add("actor", ["buyer"], operator=True)
    code = code_of(made, clock)
    for wrong in ("", "12345", "abcdef", "\u0661\u0662\u0663\u0664\u0665\u0666", f"{(int(code) + 1) % 10**6:06}"):
        clock.move(accounts.LOCKED_SECONDS + 1)
        with pytest.raises(Unproven):
            await connector.accounts.check("actor", made["password"], wrong)
    clock.move(accounts.LOCKED_SECONDS + 1)
    code = code_of(made, clock)
    await connector.accounts.check("actor", made["password"], code)
    with pytest.raises(Unproven):
        await connector.accounts.check("actor", made["password"], code)
    clock.move(passwords.CODE_SECONDS)
    await connector.accounts.check("actor", made["password"], code_of(made, clock))


async def test_wrong_attempts_lock_the_account_also_side_by_side(connector, clock):
    made = await connector.accounts.add("locked", ["buyer"], operator=False)
    tries = [connector.accounts.check("locked", f"guess-{n}", "") for n in range(accounts.LOCKED_AFTER)]
    found = await asyncio.gather(*tries, return_exceptions=True)
    assert all(isinstance(one, Unproven) for one in found)
    with pytest.raises(Unproven):
        await connector.accounts.check("locked", made["password"], "")
    assert [row["locked"] for row in await connector.accounts.page() if row["name"] == "locked"] != [None]
    clock.move(accounts.LOCKED_SECONDS + 1)
    await connector.accounts.check("locked", made["password"], "")


async def test_a_link_is_good_once_and_for_a_day(connector, clock):
    await connector.accounts.add("linked", ["buyer"], operator=True)
    token = (await connector.accounts.link("linked"))["token"]
    assert await connector.accounts.take_link(token) == "linked"
    with pytest.raises(NotPermitted):
        await connector.accounts.take_link(token)
    token = (await connector.accounts.link("linked"))["token"]
    clock.move(accounts.LINK_SECONDS)
    with pytest.raises(NotPermitted):
        await connector.accounts.take_link(token)


async def test_nothing_secret_is_kept(connector, clock):
    made = await connector.accounts.add("secret", ["buyer"], operator=True)
    token = (await connector.accounts.link("secret"))["token"]
    secret = pyotp.parse_uri(made["codes"]).secret
    database = connector.data / "penstock.db"
    kept = database.read_bytes() + database.with_name("penstock.db-wal").read_bytes()
    for told in (made["password"], secret, token):
        assert told.encode() not in kept


@pytest.mark.parametrize("name", ["", "A", "a b", "x" * 65, "-a", "ä"])
async def test_names_are_plain(connector, name):
    with pytest.raises(InvalidInput):
        await connector.accounts.add(name, ["buyer"], operator=False)


async def test_accounts_have_roles_of_the_participant_and_are_there_once(connector):
    for roles in ([], ["owner"], ["buyer", "king"]):
        with pytest.raises(InvalidInput):
            await connector.accounts.add("roles", roles, operator=False)
    await connector.accounts.add("roles", ["buyer"], operator=False)
    with pytest.raises(Conflict):
        await connector.accounts.add("roles", ["buyer"], operator=False)


async def test_the_sign_in_page_lets_in_and_leads_to_where_one_was_going(connector):
    made = await connector.accounts.add("pageant", ["buyer"], operator=False)
    async with Visitor(connector.url) as visitor:
        asked = await visitor.open("replicas")
        assert "/console/sign-in" in asked.url
        wrong = await visitor.send(asked, "/sign-in", name="pageant", password="wrong")
        assert wrong.status == 401
        assert "is wrong, or the account is locked" in wrong.text
        right = await visitor.send(wrong, "/sign-in", name="pageant", password=made["password"])
        assert right.url.endswith("/console/replicas")


@pytest.mark.parametrize(
    "there", ["https://evil.example/", "//evil.example", "/management/status", "/console\\evil", "/console/\nx"]
)
async def test_nobody_is_led_elsewhere(connector, there):
    name = f"led-{abs(hash(there)) % 10**6}"
    made = await connector.accounts.add(name, ["buyer"], operator=False)
    async with Visitor(connector.url) as visitor:
        page = await visitor.open("sign-in", params={"next": there})
        seen = await visitor.send(page, "/sign-in", name=name, password=made["password"], next=there)
        assert seen.url == connector.url + "/console/overview"


async def test_a_session_ends_with_its_time_its_account_and_its_holder(connector, enter, clock):
    visitor = await enter("leaver")
    assert (await visitor.open("replicas")).url.endswith("/replicas")
    page = await visitor.open("overview")
    await visitor.send(page, "/sign-out")
    assert "/sign-in" in (await visitor.open("overview")).url
    visitor = await enter("leaver")
    clock.move(sessions.SESSION_SECONDS)
    assert "/sign-in" in (await visitor.open("overview")).url
    visitor = await enter("leaver")
    await connector.accounts.remove("leaver")
    assert "/sign-in" in (await visitor.open("overview")).url


async def test_a_changed_password_ends_all_sessions(connector, enter):
    made = await connector.accounts.add("changer", ["buyer"], operator=False)
    here, there = await enter("changer"), await enter("changer")
    page = await here.open("account")
    short = await here.send(page, "/account/password", old=made["password"], new="short")
    assert short.status == 400
    wrong = await here.send(page, "/account/password", old="wrong", new="a new long password")
    assert wrong.status == 401
    done = await here.send(page, "/account/password", old=made["password"], new="a new long password")
    assert "/sign-in" in done.url
    assert "/sign-in" in (await there.open("overview")).url
    await connector.accounts.check("changer", "a new long password", "")


async def test_cookies_are_kept_from_scripts_and_other_sites(connector, enter):
    visitor = await enter("baker")
    link = (await connector.accounts.link("baker"))["token"]
    async with visitor.session.get(f"{connector.url}/console/enter?token={link}", allow_redirects=False) as answer:
        cookies = answer.headers.getall("Set-Cookie")
    assert all("HttpOnly" in cookie and "SameSite=Strict" in cookie for cookie in cookies)
    assert all(re.match(r"penstock-[0-9a-f]{8}=", cookie) for cookie in cookies)
