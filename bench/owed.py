"""The bare prototype and what a connector owes besides: how much of the gap between the two is duty.

`python -m bench.owed serve PORT DIR` is one side, as in `bench/bare.py`.

Law: to each message of the bare prototype comes what the connector's law asks of it, by the ledger's and the policy
engine's own functions, and nothing else: the token used up; the message known again when it is repeated, and kept until
it was answered; the twelve events of the two logs, each salted, boxed, in the tree and in a row of its own; one signed
head for a commit, riding on each message with its proof, verified and kept by whoever gets it; a decision on each side;
both EIP-712 signatures made and checked. No schema, no term compared, no state checked, no row read again: it is the
least that this work costs here, written straight down, and no connector.
"""

from __future__ import annotations

import hashlib
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
import uvloop
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from bench import bare, engines
from connector.store.shelf import Tail
from contracts import signature
from contracts.canonical import sha
from contracts.typed_data import Agreement, Domain, digest
from ledger.log import checkpoint, disclosure, events, merkle, note
from ledger.log.checkpoint import Checkpoint
from ledger.log.tiles import TILE_WIDTH_HASHES
from ledger.log.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import aiohttp

TABLES = """
CREATE TABLE log (idx INTEGER PRIMARY KEY, kind TEXT, part TEXT, entry BLOB, leaf BLOB, at REAL, box BLOB) STRICT;
CREATE TABLE hashes (level INTEGER, idx INTEGER, hash BLOB, PRIMARY KEY (level, idx)) STRICT;
CREATE TABLE heads (size INTEGER PRIMARY KEY, root BLOB, note TEXT) STRICT;
CREATE TABLE peer_heads (origin TEXT PRIMARY KEY, size INTEGER, root BLOB, note TEXT) STRICT;
CREATE TABLE tokens (issuer TEXT, jti TEXT, until INTEGER, PRIMARY KEY (issuer, jti)) STRICT;
CREATE TABLE received (pid TEXT, digest BLOB, PRIMARY KEY (pid, digest)) STRICT;
CREATE TABLE outbox (id INTEGER PRIMARY KEY, pid TEXT, peer TEXT, body BLOB) STRICT;
CREATE INDEX outbox_pid ON outbox (pid);
CREATE TABLE agreements (digest BLOB, pid TEXT, body BLOB, first BLOB, second BLOB, PRIMARY KEY (digest, pid)) STRICT;
CREATE TABLE decisions (id TEXT PRIMARY KEY, request BLOB, decision BLOB) STRICT;
"""
DOMAIN = Domain(31_337, b"\x11" * 20, b"\x22" * 32)
SIGNER = hashlib.sha256(b"either side").digest()
SIGNED_BY = signature.address(SIGNER)
TERMS = {f"term {number}": "x" * 60 for number in range(20)}  # as long as those of an agreement
# which transitions of the side that sends are decided first, conclude the agreement, or sign it
DECIDED, CONCLUDING, SIGNING = {"AGREED", "VERIFIED"}, {"VERIFIED", "FINALIZED"}, {"AGREED", "VERIFIED"}
ENGINE = engines.penstock()
[QUESTION] = ENGINE.prepare(ENGINE.questions[:1])


class Act(NamedTuple):
    """One transition: of a process, with a peer, by a message that we send or that came with a token and a head."""

    pid: str
    peer: str
    state: str  # empty: no transition, but what we sent was answered
    body: bytes
    claims: Mapping[str, Any] | None = None
    head: tuple[Checkpoint, str] | None = None


def log_key(url: str) -> Ed25519PrivateKey:
    """Return the key of a side's log; that everybody can make it saves a request."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(url.encode()).digest())


def agreement_digest(pid: str) -> bytes:
    """Return what both sides sign."""
    of, empty = hashlib.sha256(pid.encode()).digest(), bytes(32)
    return digest(DOMAIN, Agreement(SIGNED_BY, SIGNED_BY, of, empty, of, SIGNED_BY, 100, 2**32, empty, "x" * 400))


class Transitions(bare.Transitions):
    """Group commit of acts with everything that they owe; `url` is set before the first."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._connection.executescript(TABLES)
        self.url = ""
        self.newest: tuple[Checkpoint, str, Tail] | None = None
        self._tail = Tail(merkle.Compact(0, ()), ())
        owner = X25519PrivateKey.generate().public_key().public_bytes_raw()
        self._boxes = disclosure.BoxKey((owner,))

    def _commit(self, rows: list[tuple[Any, ...]]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        for [act] in rows:
            self._perform(act)
        tree = self._tail.tree
        if self.newest is None or self.newest[0].size != tree.size:
            head = Checkpoint(self.url, tree.size, tree.root())
            signed = checkpoint.sign(head, log_key(self.url)).encode()
            self._connection.execute("INSERT INTO heads VALUES (?, ?, ?)", (head.size, head.root, signed))
        else:
            head, signed, _ = self.newest
        self._connection.execute("COMMIT")
        self.newest = head, signed, self._tail

    def _perform(self, act: Act) -> None:
        run, sends = self._connection.execute, act.claims is None
        if act.claims is not None:
            until = act.claims["exp"] + bare.TOKEN_SECONDS
            run("INSERT INTO tokens VALUES (?, ?, ?)", (act.peer, act.claims["jti"], until))
            run("INSERT INTO received VALUES (?, ?)", (act.pid, sha(orjson.loads(act.body))))
        if act.head is not None:
            head, signed = act.head
            run("REPLACE INTO peer_heads VALUES (?, ?, ?, ?)", (act.peer, head.size, head.root, signed))
        if not (sends and act.state):
            run("DELETE FROM outbox WHERE pid = ?", (act.pid,))  # it was answered, by this message at the latest
        if not act.state:
            return
        if sends and act.state in DECIDED:
            self._decide(act)
        if sends:
            self._agree(act)
            run("INSERT INTO outbox (pid, peer, body) VALUES (?, ?, ?)", (act.pid, act.peer, act.body))
        run(bare.UPSERT, act[:4])
        moved = {"from": act.state, "to": act.state, "by": act.peer, "reason": "", "digest": "ab" * 32}
        self._record("negotiation.moved", act.pid, (), moved)

    def _decide(self, act: Act) -> None:
        decision = ENGINE.call(*QUESTION).as_json()
        found, asked = orjson.dumps(decision), orjson.dumps(TERMS)
        self._connection.execute("REPLACE INTO decisions VALUES (?, ?, ?)", (act.pid, asked, found))
        fields = {"outcome": "granted", "rules": [], "reasons": [], "requestDigest": sha(TERMS).hex(), "counters": {}}
        fields |= {"purpose": "", "decisionDigest": sha(decision).hex(), "place": "negotiation", "asked": TERMS}
        self._record("decision.made", act.pid, (act.pid,), fields)

    def _agree(self, act: Act) -> None:
        named, made, theirs = agreement_digest(act.pid), b"", b""
        if act.state in SIGNING:
            made = signature.sign(named, SIGNER)
        if act.state in CONCLUDING:
            theirs = signature.sign(named, SIGNER) if act.state == "FINALIZED" else made
            assert signature.recover(named, theirs) == SIGNED_BY
            body = orjson.dumps(TERMS)
            row = named, act.pid, body, made, theirs
            self._connection.execute("INSERT INTO agreements VALUES (?, ?, ?, ?, ?)", row)
            fields: dict[str, Any] = {"provider": self.url, "buyer": act.peer, "terms": TERMS, "agreement": TERMS}
            fields |= {"providerSignature": made.hex(), "buyerSignature": theirs.hex()}
            fields |= {"product": "product", "negotiation": act.pid}
            self._record("agreement.signed", named.hex(), (named.hex(),), fields)

    def _record(self, kind: str, part: str, link: tuple[str, ...], fields: Mapping[str, Any]) -> None:
        now = datetime.now(UTC)
        concealed = disclosure.conceal(fields)
        entry = events.Entry(kind, now, self.url, part, link, disclosure.digests(concealed), None).encode()
        leaf, number = merkle.leaf_hash(entry), self._tail.tree.size
        row = number, kind, part, entry, leaf, now.timestamp(), self._boxes.close(concealed, leaf)
        self._connection.execute("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        self._tail = self._tail.grown(0, leaf)
        if (number + 1) % TILE_WIDTH_HASHES == 0:
            full = merkle.perfect(self._tail.hashes(0, number + 1 - TILE_WIDTH_HASHES, TILE_WIDTH_HASHES))
            place = number // TILE_WIDTH_HASHES
            self._connection.execute("INSERT INTO hashes VALUES (1, ?, ?)", (place, full))
            self._tail = self._tail.grown(1, full)


class Side(bare.Side):
    """One side; a message of it bears the newest head of its log, proven from the one before."""

    def __init__(self, transitions: Transitions, session: aiohttp.ClientSession) -> None:
        super().__init__(transitions, session)
        self._log = transitions
        self._sent = 0
        self._heads: dict[str, dict[int, bytes]] = {}
        self._notes: dict[str, Checkpoint] = {}

    async def receive(self, request: web.Request) -> web.Response:
        """Verify the token and the head, make the transition, answer; then send what comes next."""
        token = request.headers["Authorization"]
        claims = bare.claims_of(token)
        peer = claims["iss"]
        bare.verify(token, claims, await self._key_of(peer), self.url)
        body = await request.read()
        told = orjson.loads(body)
        pid, (state, following, _) = told["pid"], bare.MESSAGES[request.match_info["message"]]
        self._log.url = self.url
        await self._log.make(Act(pid, peer, state, body, claims, self._followed(peer, told["riding"])))
        if following:
            self._begin(self._send(following, pid, peer))
        else:
            self._final.pop(pid).set_result(None)
        return web.Response()

    async def _send(self, message: str, pid: str, peer: str) -> None:
        body, state = bare.body_of(message, pid, self.url), bare.MESSAGES[message][0]
        self._log.url = self.url
        await self._log.make(Act(pid, peer, state, body))
        headers = {"Authorization": bare.issue(self._key, self.url, peer)}
        sent = b'{"riding":' + orjson.dumps(self._riding()) + b"," + body[1:]
        async with self._session.post(f"{peer}/{message}", data=sent, headers=headers) as answer:
            assert answer.status == 200, f"`{message}` was answered {answer.status}"
        if not bare.MESSAGES[message][1]:
            await self._log.make(Act(pid, peer, "", b""))

    def _riding(self) -> dict[str, Any]:
        assert self._log.newest is not None, "something was committed"
        head, signed, tail = self._log.newest
        old, self._sent = min(self._sent, head.size), head.size
        proof = Tree(tail).consistency(old, head.size) if head.size - old < TILE_WIDTH_HASHES else []
        return {"checkpoint": signed, "from": str(old), "proof": [note.b64(value) for value in proof]}

    def _followed(self, peer: str, riding: Mapping[str, Any]) -> tuple[Checkpoint, str]:
        signed = riding["checkpoint"]
        head = self._notes.get(signed)
        if head is None:
            key = note.log_vkey(peer, log_key(peer).public_key().public_bytes_raw())
            head = self._notes[signed] = checkpoint.verify(note.parse(signed), key)
        known, old = self._heads.setdefault(peer, {}), int(riding["from"])
        proof: Sequence[bytes] = [note.unb64(value) for value in riding["proof"]]
        if proof and old in known and head.size not in known:  # messages that overtake each other are left out
            merkle.verify_consistency(old, known[old], head.size, head.root, proof)
        known[head.size] = head.root
        return head, signed


if __name__ == "__main__":
    uvloop.run(bare.serve(int(sys.argv[2]), Path(sys.argv[3]), Side, Transitions))
