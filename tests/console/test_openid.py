"""People who sign in at an OpenID provider: a certified one, as a process of its own; and one that lies."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio

from connector.demo.processes import free_ports
from connector.operation.initialise import initialise
from connector.operation.oidc.provider import Asked, Provider
from connector.runtime import settings
from connector.runtime.errors import (
    Conflict,
    PeerUnreachable,
    SettingsError,
    Unproven,
    VerificationFailed,
)
from connector.runtime.settings_table import Oidc
from tests.api.lone import lone
from tests.api.visitor import Visitor
from tests.console.openid.certified import CLIENT, SECRET, certified, require

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROLES = ("provider", "buyer")
ASKED = Asked("state", "nonce", "verifier")
TOLD = {
    "PENSTOCK_OIDC_CLIENT_ID": CLIENT,
    "PENSTOCK_OIDC_ROLES": "desk buyer,board *",
    "PENSTOCK_OIDC_OPERATORS": "board",
    "PENSTOCK_OIDC_SECRET_FILE": "oidc.secret",
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def space(tmp_path_factory, absent):
    """(connector, provider): one with an OpenID provider that sends people back to it."""
    require(absent)
    folder = tmp_path_factory.mktemp("openid")
    ours, theirs = free_ports(2)
    named = {"name": "Lone", "roles": ROLES, "region": "US-NY", "exchange": None, "development": True}
    initialise(folder / "data", port=ours, **named)
    (folder / "data/oidc.secret").write_text(SECRET + "\n")
    told = TOLD | {"PENSTOCK_OIDC_ISSUER": f"http://localhost:{theirs}"}
    back = f"http://localhost:{ours}/console/provider/callback"
    async with certified(folder, theirs, back) as provider, lone(folder / "data", ROLES, told) as connector:
        yield connector, provider


@pytest_asyncio.fixture(loop_scope="session")
async def enter(space):
    """Sign in as a subject: enter(subject) -> (visitor, page); `again` takes somebody else's browser."""
    opened = []

    async def come(subject, visitor=None):
        if visitor is None:
            visitor = Visitor(space[0].url)
            opened.append(visitor)
        page = await visitor.open("provider?next=/console/replicas")
        return visitor, await visitor.send(page, "/interaction/", sub=subject)

    yield come
    for visitor in opened:
        await visitor.session.close()


async def accounts(connector):
    return {row["name"]: row for row in await connector.accounts.page()}


async def test_the_page_leads_to_the_provider_and_back_to_where_one_was_going(space, enter):
    connector, provider = space
    provider.tell(**{"s-eve": {"name": "Eve", "groups": ["desk"], "amr": ["pwd"]}})
    async with Visitor(connector.url) as visitor:
        asked = await visitor.open("replicas")
        assert f"Sign in at {urlsplit(provider.issuer).netloc}" in asked.text
        assert any(link.startswith("/console/provider?next=") for link in asked.links)
    visitor, page = await enter("s-eve")
    assert (page.status, "You have signed in" in page.text) == (200, True)
    assert 'content="0;url=/console/replicas"' in page.text
    assert (await visitor.open("replicas")).url.endswith("/console/replicas")
    eve = (await accounts(connector))["eve"]
    assert (eve["roles"], eve["operator"], eve["subject"]) == (["buyer"], False, "s-eve")


async def test_who_may_act_has_shown_a_second_factor_there(space, enter):
    connector, provider = space
    provider.tell(**{"s-li": {"name": "li", "groups": ["board"], "amr": ["pwd"]}})
    _, page = await enter("s-li")
    assert (page.status, "the provider saw none of mfa, otp, hwk" in page.text) == (403, True)
    assert "li" not in await accounts(connector)
    provider.tell(**{"s-li": {"name": "li", "groups": ["board"], "amr": ["pwd", "otp"]}})
    visitor, page = await enter("s-li")
    assert page.status == 200
    li = (await accounts(connector))["li"]
    assert (li["roles"], li["operator"]) == (["buyer", "provider"], True)
    assert "may look, not act" not in (await visitor.open("overview")).text


async def test_whose_group_is_taken_away_is_out_at_the_next_sign_in_and_their_sessions_too(space, enter):
    connector, provider = space
    provider.tell(**{"s-mo": {"name": "mo", "groups": ["board"], "amr": ["otp"]}})
    before, _ = await enter("s-mo")
    provider.tell(**{"s-mo": {"name": "mo", "groups": ["desk"], "amr": ["otp"]}})
    _, page = await enter("s-mo")
    assert page.status == 200
    mo = (await accounts(connector))["mo"]
    assert (mo["roles"], mo["operator"]) == (["buyer"], False)
    assert (await before.open("overview")).url.endswith("/overview")
    provider.tell(**{"s-mo": {"name": "mo", "groups": [], "amr": ["otp"]}})
    _, page = await enter("s-mo")
    assert (page.status, "nobody here is that" in page.text) == (403, True)
    assert "mo" not in await accounts(connector)
    assert "/sign-in" in (await before.open("overview")).url


async def test_who_comes_to_act_begins_anew(space, enter):
    """A session that began without a second factor does not act because another one had it."""
    _, provider = space
    provider.tell(**{"s-jo": {"name": "jo", "groups": ["desk"], "amr": ["pwd"]}})
    before, _ = await enter("s-jo")
    assert (await before.open("overview")).url.endswith("/overview")
    provider.tell(**{"s-jo": {"name": "jo", "groups": ["board"], "amr": ["otp"]}})
    _, page = await enter("s-jo")
    assert page.status == 200
    assert "/sign-in" in (await before.open("overview")).url


async def test_nobody_gets_an_account_that_is_somebody_elses(space, enter):
    connector, provider = space
    await connector.accounts.add("ada", ["buyer"], operator=False)
    provider.tell(**{"s-thief": {"name": "ada", "groups": ["desk"]}})
    _, page = await enter("s-thief")
    assert (page.status, "there is an account `ada` already" in page.text) == (409, True)
    provider.tell(**{"s-odd": {"name": "../ada", "groups": ["desk"]}})
    _, page = await enter("s-odd")
    assert (page.status, "is no name of an account" in page.text) == (403, True)


async def test_who_is_in_no_group_needs_an_account_of_the_owners(space, enter):
    connector, provider = space
    provider.tell(**{"s-rita": {"name": "somebody", "amr": ["otp"]}})
    _, page = await enter("s-rita")
    assert (page.status, "penstock admin account add NAME --subject s-rita" in page.text) == (403, True)
    await connector.accounts.add("rita", ["provider"], operator=True, subject="s-rita")
    visitor, page = await enter("s-rita")
    assert page.status == 200
    assert "rita" in (await visitor.open("overview")).text
    rita = (await accounts(connector))["rita"]
    assert (rita["roles"], rita["operator"]) == (["provider"], True)


async def test_who_was_made_at_a_sign_in_has_no_password(space, enter):
    connector, provider = space
    provider.tell(**{"s-pat": {"name": "pat", "groups": ["desk"]}})
    await enter("s-pat")
    for guess in ("", "password"):
        with pytest.raises(Unproven):
            await connector.accounts.check("pat", guess, "")


async def test_a_refusal_of_the_provider_is_said(space, enter):
    _, page = await enter("")
    assert (page.status, "the provider refused: access_denied" in page.text) == (401, True)


async def test_an_answer_is_taken_once_and_by_the_browser_that_asked(space):
    connector, provider = space
    provider.tell(**{"s-kim": {"name": "kim", "groups": ["desk"]}})
    async with Visitor(connector.url) as visitor, Visitor(connector.url) as other:
        page = await visitor.open("provider")
        _, action, fields = page.form("/interaction/")
        where = f"{provider.issuer}{action}"
        async with visitor.session.post(where, data=fields | {"sub": "s-kim"}, allow_redirects=False) as answer:
            onward = answer.headers["Location"]
        async with visitor.session.get(onward, allow_redirects=False) as answer:
            back = answer.headers["Location"]
        state = parse_qs(urlsplit(back).query)["state"][0]
        assert (await other.open(back)).status == 403  # a browser in which nobody asked
        await other.open("provider")
        assert (await other.open(back)).status == 403  # one that asked for something else
        wrong = await visitor.open(back.replace(state, state[::-1]))
        assert (wrong.status, "is of no sign-in that began in this browser" in wrong.text) == (403, True)
        await visitor.open("provider")  # a wrong state has used up the sign-in
        assert (await visitor.open(back)).status == 403


async def test_a_code_counts_once(space):
    """The certified provider says so; what it says is told as a sign-in that has to begin anew."""
    connector, provider = space
    asked = Asked("state-1", "nonce-1", "v" * 43)
    provider.tell(**{"s-kim": {"name": "kim", "groups": ["desk"]}})
    code = await _code(connector, asked)
    guest = await connector.openid.guest(code, asked, provider.issuer)
    assert (guest.subject, guest.name, guest.groups) == ("s-kim", "kim", {"desk"})
    with pytest.raises(Unproven, match="takes this code not"):
        await connector.openid.guest(code, asked, None)
    code = await _code(connector, asked)
    with pytest.raises(Unproven):
        await connector.openid.guest(code, replace(asked, verifier="w" * 43), None)
    code = await _code(connector, asked)
    with pytest.raises(VerificationFailed, match="another sign-in"):
        await connector.openid.guest(code, replace(asked, nonce="nonce-2"), None)
    with pytest.raises(Unproven, match="another provider"):
        await connector.openid.guest("any", asked, "http://localhost:1")


async def test_a_client_that_the_provider_does_not_know_so_is_the_owners_to_mend(space):
    connector, _ = space
    (connector.data / "oidc.secret").write_text("another")
    try:
        with pytest.raises(Unproven, match="does not take us for its client"):
            await connector.openid.guest("any", ASKED, None)
        (connector.data / "oidc.secret").unlink()
        with pytest.raises(SettingsError, match=r"oidc\.secret_file"):
            await connector.openid.guest("any", ASKED, None)
    finally:
        (connector.data / "oidc.secret").write_text(SECRET)


async def _code(connector, asked):
    async with Visitor(connector.url) as visitor:
        page = await visitor.open(await connector.openid.address(asked))
        _, action, fields = page.form("/interaction/")
        there = f"{connector.settings.oidc.issuer}{action}"
        async with visitor.session.post(there, data=fields | {"sub": "s-kim"}, allow_redirects=False) as answer:
            onward = answer.headers["Location"]
        async with visitor.session.get(onward, allow_redirects=False) as answer:
            return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


async def test_a_provider_that_is_away_is_not_asked_all_the_time_and_passwords_go_on(space, monkeypatch):
    connector, _ = space
    away = replace(connector.settings.oidc, issuer=f"http://localhost:{free_ports(1)[0]}")
    ours = Provider(replace(connector.core, settings=replace(connector.settings, oidc=away)))
    asked = []
    outbound = connector.core.outbound.request
    monkeypatch.setattr(connector.core.outbound, "request", lambda *a, **k: asked.append(a) or outbound(*a, **k))
    for _ in range(3):
        with pytest.raises(PeerUnreachable, match="does not answer"):
            await ours.address(ASKED)
    assert len(asked) == 1
    monkeypatch.setattr(connector.openid, "address", ours.address)
    made = await connector.accounts.add("local", ["buyer"], operator=False)
    async with Visitor(connector.url) as visitor:
        page = await visitor.open("provider?next=/console/replicas")
        assert (page.status, "does not answer" in page.text) == (503, True)
        seen = await visitor.send(page, "/sign-in", name="local", password=made["password"])
        assert seen.url.endswith("/console/replicas")


async def test_nobody_is_led_elsewhere(space, enter):
    connector, _ = space
    async with Visitor(connector.url) as visitor:
        page = await visitor.open("provider", params={"next": "https://evil.example/"})
        seen = await visitor.send(page, "/interaction/", sub="s-eve")
        assert 'url=/console/overview"' in seen.text


async def test_the_cookie_of_a_sign_in_is_ours_alone(space):
    connector, _ = space
    async with Visitor(connector.url) as visitor:
        async with visitor.session.get(visitor.prefix + "/provider", allow_redirects=False) as answer:
            [cookie] = answer.headers.getall("Set-Cookie")
        assert all(word in cookie for word in ("HttpOnly", "SameSite=Lax", "Path=/console/provider"))
        name, _, value = cookie.partition(";")[0].partition("=")
        for wrong in (value[:-2], "." + value, value.partition(".")[2], "x.y", ""):
            async with visitor.session.get(
                visitor.prefix + "/provider/callback?state=&code=x", headers={"Cookie": f"{name}={wrong}"}
            ) as answer:
                assert answer.status == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "login.example"},
        {"issuer": "http://login.example"},
        {"issuer": "https://login.example?x"},
        {"client_id": ""},
        {"scope": "profile"},
        {"roles": ("desk",)},
        {"roles": ("desk king",)},
        {"roles": ("",)},
    ],
)
async def test_settings_that_make_no_sense_are_refused(wrong):
    told = {"issuer": "https://login.example", "client_id": "penstock"} | wrong
    with pytest.raises(SettingsError, match="oidc"):
        settings.build(
            {f"oidc.{name}": value for name, value in told.items()} | {"server.public_url": "https://a.example"}
        )
    assert Oidc().issuer == ""


async def test_a_subject_needs_a_provider_and_is_one_person(space):
    connector, _ = space
    await connector.accounts.add("first", ["buyer"], operator=False, subject="s-one")
    with pytest.raises(Conflict, match="somebody else here is that subject"):
        await connector.accounts.add("second", ["buyer"], operator=False, subject="s-one")
