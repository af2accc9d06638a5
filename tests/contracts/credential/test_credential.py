"""Credentials, presentations, scopes, status lists, messages: what is written is read, what limits is never ignored."""

from __future__ import annotations

import base64
import gzip
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.credential import messages, model, presentation, scopes, status_list
from contracts.credential.messages import CONTEXT, UnsupportedError
from contracts.credential.profiles import FIRST, PROFILES, SECOND
from contracts.credential.scopes import Scope
from contracts.errors import ContractError
from tests.every import every

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ISSUER, HOLDER = "did:web:exchange.example", "did:web:buyer.example"
WORD = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=":"), min_size=1, max_size=20)
MOMENT = st.integers(0, 4_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))
STATUS = st.builds(
    model.Status,
    st.sampled_from([FIRST.entry, SECOND.entry]),
    st.sampled_from(["revocation", "suspension"]),
    st.integers(0, status_list.BITS - 1),
    st.just("https://exchange.example/issuer/status/x/0"),
)
CREDENTIAL = st.builds(
    model.Credential,
    id=st.uuids().map(lambda one: f"urn:uuid:{one}"),
    types=st.lists(WORD.filter(lambda one: one != "VerifiableCredential"), min_size=1, max_size=3).map(tuple),
    issuer=st.just(ISSUER),
    holder=st.just(HOLDER),
    subject=st.dictionaries(WORD.filter(lambda one: one != "id"), st.text(max_size=20) | st.integers(0, 9), max_size=4),
    begins=MOMENT,
    ends=st.none() | MOMENT,
    statuses=st.lists(STATUS, max_size=2).map(tuple),
    profile=st.sampled_from([FIRST, SECOND]),
)


@given(CREDENTIAL)
def test_what_is_written_is_read(credential):
    found = model.read(model.claims(credential, NOW), NOW)
    same = ("id", "types", "issuer", "holder", "begins", "ends", "statuses", "profile")
    assert [getattr(found, name) for name in same] == [getattr(credential, name) for name in same]
    assert found.subject == {**credential.subject, "id": HOLDER}


MADE = model.Credential(
    "urn:uuid:1", ("MembershipCredential",), ISSUER, HOLDER, {}, NOW, NOW + timedelta(days=1),
    (model.Status(FIRST.entry, "revocation", 7, "https://exchange.example/s"),),
)  # fmt: skip


def told(inner=None, **outer):
    """Return what a JWT carries of one, with other members; a member that is None is left out."""
    claims = model.claims(MADE, NOW) | outer
    claims["vc"] = {name: value for name, value in (claims["vc"] | (inner or {})).items() if value is not None}
    return {name: value for name, value in claims.items() if value is not None}


@every(
    "claims",
    {
        "no credential": told() | {"vc": 7},
        "no subject": told({"credentialSubject": None}),
        "a subject without an id": told({"credentialSubject": {"x": 1}}),
        "two holders": told({"credentialSubject": [{"id": HOLDER}, {"id": ISSUER}]}),
        "another issuer outside": told(iss="did:web:thief.example"),
        "no issuer at all": told({"issuer": None}, iss=None),
        "a date without a zone": told({"issuanceDate": "2026-03-01T12:00:00"}),
        "no date": told({"expirationDate": "soon"}),
        "a status that is none": told({"credentialStatus": "x"}),
        "a status without a list": told({"credentialStatus": {"type": FIRST.entry, "statusListIndex": "1"}}),
        "a place that is none": told({"credentialStatus": {"type": "x", "statusListIndex": "-1"}}),
        "too many": told({"credentialStatus": [{}] * 17}),
        "a schema that is none": told({"credentialSchema": 7}),
        "seconds that are text": told(exp="1"),
    }.values(),
)
def test_what_is_no_credential_is_refused(claims):
    with pytest.raises(ContractError):
        model.read(claims, NOW)


def test_the_stricter_of_two_times_counts():
    later = int((NOW + timedelta(hours=1)).timestamp())
    assert model.read(told(nbf=later), NOW).begins == NOW + timedelta(hours=1)
    assert model.read(told(exp=later), NOW).ends == NOW + timedelta(hours=1)
    assert model.read(told({"expirationDate": None}, exp=None), NOW).ends is None
    found = model.read(told({"issuanceDate": "2026-03-01T13:00:00.123456789+01:00"}), NOW)
    assert found.begins == NOW.replace(microsecond=123456)


@given(st.sampled_from([FIRST, SECOND]), st.lists(st.just("a.b.c") | st.just("d.e.f"), max_size=3))
def test_a_presentation_shows_what_it_was_made_of(profile, credentials):
    claims = presentation.claims(HOLDER, ISSUER, credentials, profile, "1", NOW)
    assert presentation.read(claims) == credentials
    assert (claims["iss"], claims["aud"], claims["exp"] - claims["iat"]) == (HOLDER, ISSUER, 120)


@every("shown", [[7], [{"type": "VerifiableCredential"}], ["a.b.c"] * 17])
def test_what_is_no_jwt_is_not_read_as_a_credential(shown):
    with pytest.raises(ContractError):
        presentation.read({"vp": {"verifiableCredential": shown}})


# --- scopes


@given(st.sampled_from(["type", "id"]), WORD | st.uuids().map(lambda one: f"urn:uuid:{one}"))
def test_a_scope_is_read_back(by, value):
    assert scopes.read(scopes.write(Scope(by, value))) == Scope(by, value)


@every(
    ("text", "scope"),
    [
        ("org.eclipse.dspace.dcp.vc.type:Member", Scope("type", "Member")),
        ("org.eclipse.dspace.dcp.vc.type:Member:read", Scope("type", "Member")),
        ("org.eclipse.edc.vc.type:Member:*", Scope("type", "Member")),
        ("org.eclipse.dspace.dcp.vc.id:8247b87d-8d72", Scope("id", "8247b87d-8d72")),
    ],
)
def test_scopes_as_others_write_them(text, scope):
    assert scopes.read(text) == scope


@every("listed", [None, [], "x", ["x"], ["other:Member"], ["org.eclipse.dspace.dcp.vc.type:"], [7], ["a:b"] * 33])
def test_what_names_nothing_is_no_scope(listed):
    with pytest.raises(ContractError):
        scopes.read_all(listed)


# --- status lists


@given(st.sets(st.integers(0, status_list.BITS - 1), max_size=20), st.integers(0, status_list.BITS - 1))
def test_a_bit_is_set_where_it_was_set(places, another):
    bits = status_list.read(status_list.write(places))
    assert len(bits) * 8 == status_list.BITS
    assert all(status_list.is_set(bits, place) for place in places)
    assert status_list.is_set(bits, another) == (another in places)


def test_the_first_bit_is_the_most_significant():
    assert status_list.read(status_list.write([0]))[0] == 0x80
    # StatusList2021 has plain base64 and no letter before it
    plain = base64.b64encode(gzip.compress(bytes([0x40]))).decode()
    assert status_list.is_set(status_list.read(plain), 1)


@every(
    "text",
    [
        None,
        "",
        "u",
        "u!!!",
        "uH4sI",
        "u" + base64.urlsafe_b64encode(b"no gzip").decode(),
        "u" + base64.urlsafe_b64encode(gzip.compress(bytes(16_384))[:-9]).decode(),
    ],
)
def test_what_is_no_list_is_refused(text):
    with pytest.raises(ContractError):
        status_list.read(text)


def test_a_list_that_unpacks_without_end_is_refused():
    bomb = "u" + base64.urlsafe_b64encode(gzip.compress(bytes(64 * 1_048_576))).decode()
    with pytest.raises(ContractError, match="more than 8388608 bits"):
        status_list.read(bomb)


def test_no_place_is_beyond_the_end():
    with pytest.raises(ContractError, match="none of them"):
        status_list.is_set(bytes(1), 8)


# --- messages


def test_a_query_is_read_as_it_is_asked():
    wanted = (Scope("type", "MembershipCredential"), Scope("id", "urn:uuid:1"))
    asked = messages.query(wanted)
    assert messages.read_query(asked) == wanted
    # as EDC writes it
    asked["@type"] = asked.pop("type")
    assert messages.read_query(asked | {"@context": ["https://other.example", CONTEXT]}) == wanted


def of(kind, **members):
    return {"@context": [CONTEXT], "type": kind, **members}


@every(
    ("read", "message"),
    [
        (messages.read_query, of("PresentationQueryMessage")),
        (messages.read_query, of("PresentationQueryMessage", scope=[])),
        (messages.read_query, of("PresentationQueryMessage", presentationDefinition={})),
        (messages.read_query, of("PresentationQueryMessage", scope=["x:y"], presentationDefinition={"id": "x"})),
        (messages.read_query, of("Another", scope=["x:y"])),
        (messages.read_query, {"type": "PresentationQueryMessage", "scope": ["x:y"]}),
        (messages.read_response, of("PresentationResponseMessage", presentation="x")),
        (messages.read_response, of("PresentationResponseMessage", presentation=[{}])),
        (messages.read_delivery, of("CredentialMessage", status="MAYBE", issuerPid="1", holderPid="2")),
        (messages.read_delivery, of("CredentialMessage", status="ISSUED", issuerPid="1", holderPid="2")),
        (messages.read_delivery, of("CredentialMessage", status="REJECTED", issuerPid="1")),
        (messages.read_request, of("CredentialRequestMessage", holderPid="1", credentials=["x"])),
        (messages.read_request, of("CredentialRequestMessage", credentials=[{"id": "x"}])),
        (messages.read_offer, of("CredentialOfferMessage", issuer=None, credentials=[{"id": "x"}])),
        (messages.read_offer, of("CredentialOfferMessage", issuer=ISSUER, credentials=[{}])),
        (messages.read_metadata, of("IssuerMetadata", issuer=ISSUER, credentialsSupported=[{"id": "x"}])),
    ],
)
def test_a_message_that_lacks_what_it_needs_is_refused(read, message):
    with pytest.raises(ContractError):
        read(message)


def test_what_is_not_done_here_is_told_apart():
    with pytest.raises(UnsupportedError):
        messages.read_query(of("PresentationQueryMessage", presentationDefinition={"id": "x"}))


def test_an_offer_may_be_sparse_and_a_refusal_may_say_why():
    issuer, [one] = messages.read_offer(of("CredentialOfferMessage", issuer=ISSUER, credentials=[{"id": "x"}]))
    assert (issuer, one) == (ISSUER, messages.Offered("x", "", ""))
    refused = of("CredentialMessage", status="REJECTED", issuerPid="1", holderPid="2", rejectionReason="no")
    assert messages.read_delivery(refused) == messages.Delivery("1", "2", "REJECTED", (), "no")
    assert set(PROFILES) == {"vc11-sl2021/jwt", "vc20-bssl/jwt"}
