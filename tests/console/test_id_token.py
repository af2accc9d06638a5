"""What a provider says that lies: in its document, in an ID token, about a person; each lie is refused for itself."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import pytest_asyncio

from connector.net.outbound import Outbound
from connector.operation.oidc.provider import Asked, Provider
from connector.runtime.clock import Clock
from connector.runtime.errors import AddressRefused, PeerMisbehaved, VerificationFailed
from connector.runtime.settings_table import Oidc
from tests.console.openid import liar as liars
from tests.console.openid.liar import liar

ASKED = Asked("state", "nonce", "verifier")
CLIENT, SECRET = "penstock", "a secret that the provider and its client know"


@pytest_asyncio.fixture
async def lied_to(tmp_path):
    """(provider of theirs, what we make of it)."""
    (tmp_path / "secret").write_text(SECRET)
    async with liar() as made, Outbound(development=True) as outbound:
        told = Oidc(issuer=made.issuer, client_id=CLIENT, secret_file="secret")
        identity = SimpleNamespace(url="http://localhost:1")
        settings = SimpleNamespace(oidc=told)
        core = {"settings": settings, "identity": identity, "outbound": outbound, "clock": Clock(), "data": tmp_path}
        yield made, Provider(SimpleNamespace(**core))


async def said(lied_to, **instead):
    """Return whom it is for when the liar answers with right claims, but for some."""
    made, ours = lied_to
    claims = made.claims(await ours.address(ASKED), ours._core.clock.now(), **instead)
    made.say(claims)
    return await ours.guest("code", ASKED, None)


async def test_what_is_right_is_believed(lied_to):
    guest = await said(lied_to, amr=["otp"])
    assert (guest.subject, guest.name, guest.groups, guest.strong) == ("s-1", "ada", {"desk"}, True)
    made, _ = lied_to
    assert made.asked["code_verifier"] == ASKED.verifier
    assert made.asked["authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    ("instead", "words"),
    [
        ({"iss": "http://localhost:1"}, "another issuer"),
        ({"iss": None}, "another issuer"),
        ({"aud": "somebody-else"}, "another client"),
        ({"aud": None}, "another client"),
        ({"aud": [CLIENT, "somebody-else"]}, "another client"),
        ({"azp": "somebody-else"}, "another client"),
        ({"nonce": "of-before"}, "another sign-in"),
        ({"nonce": None}, "another sign-in"),
        ({"nonce": 7}, "another sign-in"),
        ({"exp": 1}, "has ended"),
        ({"exp": None}, "no `exp`"),
        ({"exp": "9999999999"}, "no `exp`"),
        ({"iat": 2**33}, "a time to come"),
        ({"nbf": 2**33}, "a time to come"),
        ({"nbf": "soon"}, "no `nbf`"),
        ({"sub": ""}, "names nobody"),
        ({"sub": 7}, "names nobody"),
        ({"sub": "x" * 256}, "names nobody"),
        ({"sub": "a\nb"}, "names nobody"),
    ],
)
async def test_a_wrong_claim_is_refused(lied_to, instead, words):
    with pytest.raises(VerificationFailed, match=words):
        await said(lied_to, **instead)


async def test_a_token_that_the_provider_did_not_sign_is_refused(lied_to):
    made, ours = lied_to
    claims = made.claims(await ours.address(ASKED), ours._core.clock.now())
    for key, algorithm, header in (
        (None, "none", {}),
        (SECRET, "HS256", {}),  # what the client knows, too
        (made.keys[0]["n"], "HS256", {}),  # what everybody knows
        (liars.OTHER, "RS256", {}),
        (liars.OTHER, "RS256", {"jwk": liars.RSAAlgorithm.to_jwk(liars.OTHER.public_key(), as_dict=True)}),
        (liars.KEY, "RS512", {}),  # not among those that we take
        (liars.KEY, "RS256", {"kid": "two"}),
        (liars.KEY, "RS256", {"crit": ["exp"]}),
    ):
        made.say(claims, key, algorithm, **header)
        with pytest.raises(VerificationFailed):
            await ours.guest("code", ASKED, None)
    for raw in ("", "a.b", "a.b.c", "x" * 300_000):
        made.said = raw
        with pytest.raises((VerificationFailed, PeerMisbehaved)):
            await ours.guest("code", ASKED, None)


async def test_a_new_key_is_looked_for_but_not_all_the_time(lied_to, monkeypatch):
    made, ours = lied_to
    await said(lied_to)
    made.keys[0]["kid"] = "two"
    claims = made.claims(await ours.address(ASKED), ours._core.clock.now())
    made.say(claims, kid="two")
    for _ in range(3):
        with pytest.raises(VerificationFailed, match="no key that the provider publishes"):
            await ours.guest("code", ASKED, None)
    assert made.heard.count("/jwks") == 1
    monkeypatch.setattr(ours, "_keys_again", 0.0)
    assert (await ours.guest("code", ASKED, None)).subject == "s-1"


async def test_groups_that_the_token_lacks_are_asked_for_of_the_same_person(lied_to):
    made, _ = lied_to
    made.document["userinfo_endpoint"] = made.issuer + "/userinfo"
    made.more = {"sub": "s-1", "groups": ["board"], "preferred_username": "somebody"}
    guest = await said(lied_to, groups=None)
    assert (guest.name, guest.groups) == ("ada", {"board"})
    made.more["sub"] = "s-2"
    with pytest.raises(VerificationFailed, match="another one"):
        await said(lied_to, groups=None)
    made.more["sub"] = "s-1"
    assert (await said(lied_to, groups={"a": 1})).groups == set()


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "http://localhost:1"},
        {"token_endpoint": None},
        {"jwks_uri": 7},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "http://10.0.0.1/token"},
    ],
)
async def test_a_document_that_is_not_right_is_not_believed(lied_to, wrong):
    made, ours = lied_to
    made.document |= wrong
    with pytest.raises((PeerMisbehaved, AddressRefused)):
        await ours.address(ASKED)
