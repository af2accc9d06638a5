"""What peers show: believed from whom it may be, of whom it is, as long as it holds; asked for once, checked again."""

from __future__ import annotations

import json
from datetime import timedelta
from types import SimpleNamespace

import pytest

from connector.identity import did as dids
from connector.identity.keys import Signer
from connector.identity.tokens import Claims
from connector.operation.dcp import jose
from connector.operation.dcp.trust import Demands
from connector.operation.dcp.verifier import Verifier
from connector.runtime import settings
from connector.runtime.clock import SetClock
from connector.runtime.errors import PeerUnreachable, Unproven
from connector.runtime.limits import CREDENTIAL_BYTES_MAX
from contracts.credential import messages, model, presentation, status_list
from contracts.credential.profiles import FIRST, SECOND
from policy.vocabulary.catenax import MEMBERSHIP
from tests.connector.identity.test_tokens import NOW, make_keys
from tests.every import every

US, PEER, ISSUER = "did:web:us.example", "did:web:peer.example", "did:web:issuer.example"
KEYRING = {PEER: make_keys(4), ISSUER: make_keys(5)}
LIST = "https://issuer.example/issuer/status/x/0"
TYPE = "MembershipCredential"
AT = {"server.public_url": "https://us.example"}


class Elsewhere:
    """All that is outside: the peer's credential service and the issuer's status list."""

    def __init__(self):
        self.shown, self.revoked, self.asked, self.read, self.dead, self.issuer = [], set(), 0, 0, False, ISSUER
        self.touched, self.gone = [], False

    async def post(self, url, body, headers, **_options):
        if self.dead:
            raise PeerUnreachable("nobody answers")
        assert url == "https://peer.example/dcp/presentations/query"
        assert headers == {"Authorization": "the peer's token"}
        assert messages.read_query(body)[0].value == TYPE
        self.asked += 1
        return answer(messages.message(messages.RESPONSE, presentation=self.shown))

    async def get(self, url, **_options):
        assert url == LIST
        if self.gone:
            raise PeerUnreachable("nobody answers")
        self.read += 1
        subject = {"type": FIRST.listed, "statusPurpose": "revocation", "encodedList": status_list.write(self.revoked)}
        return answer({"issuer": self.issuer, "credentialSubject": subject})


def answer(document):
    body = json.dumps(document).encode()
    return SimpleNamespace(body=body, json=lambda: document)


def document(did, *, exchange=False):
    built = dids.build(did, "https://" + did.removeprefix("did:web:"), KEYRING[did], None, exchange=exchange)
    return dids.parse(json.dumps(built).encode(), did)


class Agreed:
    """One agreement with the peer."""

    def __init__(self):
        self.rows = {}

    async def read(self, act):
        return act(self)

    async def write(self, act):
        return act(self)

    def column(self, _sql, did):
        return ["a1"] if did == PEER else []

    def find(self, _table, where="", given=(), order=""):
        return [row for row in self.rows.values() if not where or row.peer == given[0]]

    def insert(self, row):
        assert (row.peer, row.id) not in self.rows
        self.rows[row.peer, row.id] = row

    def delete(self, _table, peer, id):  # noqa: A002 - the column's name
        del self.rows[peer, id]


class Known:
    """The peers' documents; the issuer's can be had, and has its key as long as it is not `rid` of it."""

    rid = False

    async def naming(self, did, _kid):
        assert did == ISSUER, "nobody else is looked up"
        return document(ISSUER, exchange=not self.rid)

    def authorization(self, audience, access):
        assert (audience, access) == (PEER, "access")
        return {"Authorization": "the peer's token"}


@pytest.fixture
def outside():
    return Elsewhere()


@pytest.fixture
def clock():
    return SetClock(NOW)


def verifying(outside, clock, store=None, **trust):
    told = {"required": (TYPE,), "issuers": (f"{ISSUER} {TYPE}",)} | trust
    own = settings.build(AT | {f"trust.{name}": value for name, value in told.items()})
    identity = SimpleNamespace(did=US)
    topics = SimpleNamespace(agreement_touched=SimpleNamespace(tell=outside.touched.append))
    ground = {"settings": own, "clock": clock, "outbound": outside, "identity": identity, "topics": topics}
    core = SimpleNamespace(**ground, store=store or Agreed())
    outside.known = Known()
    outside.held = SimpleNamespace(held=())
    space = SimpleNamespace(last=lambda: SimpleNamespace(exchange=ISSUER))
    return Verifier(core, outside.known, space, SimpleNamespace(credentials=outside.held))


def is_member(verifier):
    return MEMBERSHIP in verifier.facts(PEER)


def claims(access="access"):
    return Claims(PEER, US, "1", NOW, NOW + timedelta(minutes=1), document(PEER), access)


def credential(profile=FIRST, key=ISSUER, kid=f"{ISSUER}#credential", **more):
    told = {
        "id": "urn:uuid:1", "types": (TYPE,), "issuer": ISSUER, "holder": PEER, "subject": {"role": "buyer"},
        "begins": NOW - timedelta(days=1), "ends": NOW + timedelta(days=1), "profile": profile,
        "statuses": (model.Status(FIRST.entry, "revocation", 7, LIST),),
    } | more  # fmt: skip
    return jose.sign(Signer(KEYRING[key].credential, kid), profile.typ, model.claims(model.Credential(**told), NOW))


def shown(*credentials, profile=FIRST, key=PEER, kid=f"{PEER}#token", **more):
    told = presentation.claims(PEER, US, credentials, profile, "1", NOW) | more
    return jose.sign(Signer(KEYRING[key].token, kid), profile.presented, told)


@every("profile", [FIRST, SECOND])
async def test_who_shows_what_is_demanded_is_let_in_and_asked_once(profile):
    outside, clock = Elsewhere(), SetClock(NOW)
    outside.shown = [shown(credential(profile), profile=profile)]
    verifier = verifying(outside, clock)
    for _ in range(3):
        await verifier.require(claims())
    assert (outside.asked, outside.read) == (1, 1)
    assert verifier.facts(PEER) == {MEMBERSHIP: "active"}
    [line] = verifier.page()
    assert (line["peer"], line["type"], line["claims"]) == (PEER, TYPE, {"role": "buyer"})


def nested(levels):
    told = "the end"
    for _ in range(levels):
        told = {"role": told}
    return told


REFUSED = {
    "nothing": list,
    "a presentation of nothing": lambda: [shown()],
    "by another": lambda: [shown(credential(), key=ISSUER)],
    "under another's name": lambda: [shown(credential(), kid=f"{ISSUER}#token")],
    "for another": lambda: [shown(credential(), aud="did:web:else.example")],
    "of another holder": lambda: [shown(credential(), sub=ISSUER)],
    "over": lambda: [shown(credential(), exp=int(NOW.timestamp()) - 60)],
    "not yet": lambda: [shown(credential(), nbf=int(NOW.timestamp()) + 60)],
    "over for a clock that is five minutes ahead": lambda: [shown(credential(), exp=int(NOW.timestamp()) - 300)],
    "by a clock that is five minutes ahead": lambda: [shown(credential(), nbf=int(NOW.timestamp()) + 300)],
    "a presentation within one": lambda: [shown(shown(credential()))],
    "one within a presentation within one": lambda: [shown(shown(shown(credential())))],
    "claims without end": lambda: [shown(credential(subject=nested(jose.LEVELS_MAX)))],
    "a huge credential": lambda: [shown(credential(subject={"role": "x" * CREDENTIAL_BYTES_MAX}))],
    "huge together": lambda: [shown(*(credential(id=f"urn:uuid:{at}") for at in range(model.LISTED_MAX + 1)))],
    "times that are none": lambda: [shown(credential(), exp="soon")],
    "a credential of somebody else": lambda: [shown(credential(holder=US))],
    "a credential that is over": lambda: [shown(credential(ends=NOW))],
    "a credential of tomorrow": lambda: [shown(credential(begins=NOW + timedelta(days=1)))],
    "a credential by another key": lambda: [shown(credential(key=PEER))],
    "a credential by a key that is for something else": lambda: [shown(credential(kid=f"{ISSUER}#token"))],
    "of nobody whom we believe": lambda: [shown(credential(issuer=PEER, kid=f"{PEER}#token", statuses=()))],
    "of another type": lambda: [shown(credential(types=("AuditCredential",), statuses=()))],
    "a status that nobody knows": lambda: [shown(credential(statuses=(model.Status("x", "revocation", 1, LIST),)))],
    "a purpose that nobody knows": lambda: [shown(credential(statuses=(model.Status(FIRST.entry, "x", 1, LIST),)))],
    "a good one and one that is revoked": lambda: [
        shown(credential(statuses=())), shown(credential(statuses=(model.Status(FIRST.entry, "revocation", 9, LIST),)))
    ],
}  # fmt: skip


@every("name", REFUSED)
async def test_what_does_not_hold_proves_nothing(name):
    outside = Elsewhere()
    outside.shown, outside.revoked = REFUSED[name](), {9}
    verifier = verifying(outside, SetClock(NOW))
    with pytest.raises(Unproven):
        await verifier.require(claims())
    assert not verifier.page()


async def test_a_token_without_access_asks_nothing(outside, clock):
    with pytest.raises(Unproven, match="its token has no `token` to ask with"):
        await verifying(outside, clock).require(claims(access=""))
    assert not outside.asked


async def test_a_list_of_another_issuer_is_not_believed(outside, clock):
    outside.shown, outside.issuer = [shown(credential())], PEER
    with pytest.raises(Unproven, match="a status list is of another issuer"):
        await verifying(outside, clock).require(claims())


async def test_who_does_not_answer_is_asked_later(outside, clock):
    outside.dead = True
    with pytest.raises(PeerUnreachable):
        await verifying(outside, clock).require(claims())


async def test_what_is_revoked_ends_within_the_time_that_is_said(outside, clock):
    outside.shown = [shown(credential(), exp=int(NOW.timestamp()) + 900)]
    verifier = verifying(outside, clock)
    await verifier.require(claims())
    outside.revoked = {7}
    clock.move(299)
    await verifier.require(claims())
    clock.move(2)
    with pytest.raises(Unproven, match="says by its status list: revocation"):
        await verifier.require(claims())
    assert not is_member(verifier)


async def test_what_runs_under_an_agreement_is_decided_anew_when_its_buyer_shows_and_when_that_ends(outside, clock):
    outside.shown = [shown(credential())]
    verifier = verifying(outside, clock)
    await verifier.require(claims())
    assert (outside.touched, is_member(verifier)) == (["a1"], True)
    clock.move(301)
    await verifier.look()
    assert outside.touched == ["a1"]
    outside.revoked = {7}
    clock.move(301)
    await verifier.look()
    assert (outside.touched, is_member(verifier)) == (["a1", "a1"], False)


async def test_with_its_issuer_s_key_a_credential_ends(outside, clock):
    outside.shown = [shown(credential())]
    verifier = verifying(outside, clock)
    await verifier.require(claims())
    outside.known.rid = True
    clock.move(301)
    await verifier.look()
    assert not is_member(verifier)


async def test_what_cannot_be_checked_counts_no_longer(outside, clock):
    outside.shown = [shown(credential())]
    verifier = verifying(outside, clock)
    await verifier.require(claims())
    outside.gone = True
    clock.move(301)
    await verifier.look()
    assert (outside.touched, is_member(verifier)) == (["a1", "a1"], False)


async def test_what_is_over_is_asked_for_anew(outside, clock):
    outside.shown = [shown(credential(ends=NOW + timedelta(seconds=30)))]
    verifier = verifying(outside, clock)
    await verifier.require(claims())
    clock.move(31)
    assert not is_member(verifier)
    outside.shown = [shown(credential())]
    await verifier.require(claims())
    assert outside.asked == 2


async def test_whoever_demands_nothing_asks_nobody_and_the_own_exchange_is_known(outside, clock):
    await verifying(outside, clock, required=()).require(claims())
    verifier = verifying(outside, clock)
    verifier._space = SimpleNamespace(last=lambda: SimpleNamespace(exchange=PEER))
    await verifier.require(claims(access=""))
    assert not outside.asked


def test_without_a_line_the_exchange_of_the_space_is_believed():
    demands = Demands(settings.build(AT).trust, lambda: ISSUER)
    assert demands.believes(ISSUER, ["anything"])
    assert not demands.believes(PEER, ["anything"])
    told = settings.build(AT | {"trust.issuers": (f"{PEER} *", f"{ISSUER} A B")}).trust
    demands = Demands(told, lambda: US)
    assert demands.believes(PEER, ["anything"])
    assert demands.believes(ISSUER, ["B"])
    assert not demands.believes(ISSUER, ["C"])
    assert not demands.believes(US, ["A"])
