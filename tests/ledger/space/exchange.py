"""An exchange whose heads and answers tests take apart."""

from __future__ import annotations

from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.space.answer import Answer
from ledger.space.document import SUSPENDED
from ledger.space.entry import DID, Entry, key
from ledger.space.head import Head
from ledger.space.roll import Roll
from tests.ledger.space.test_document import made, member

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


class Exchange:
    """An exchange that keeps every roll it ever had a head of."""

    def __init__(self):
        whole = made()
        own = replace(whole.members["did:web:exchange"], log_key=KEY.public_key().public_bytes_raw())
        self.rolls = [None, Roll.of(whole.changed([own], {}))]

    @property
    def roll(self):
        return self.rolls[-1]

    def own(self):
        return self.roll.space.members["did:web:exchange"]

    def admit(self, *dids, role="service", state=""):
        new = [replace(member(role, 0), did=did, **fresh(did)) for did in dids]
        self.rolls.append(self.roll.changed([Entry(one, state) for one in new]))

    def bar(self, did, state=SUSPENDED):
        self.rolls.append(self.roll.changed([replace(self.roll.entry(did), state=state)]))

    def head(self, number=None):
        number = number or len(self.rolls) - 1
        roll = self.rolls[number]
        return Head.of(roll.space, number, roll.map.root).signed(self.own(), KEY)

    def answer(self, since=None, *asked):
        told, roll = Answer(), self.roll
        if since is None or since > len(self.rolls) - 1:
            told, asked = Answer(self.head()), (*asked, *((DID, did) for did in self.head().roles))
        elif since < len(self.rolls) - 1:
            keys = roll.map.differing(self.rolls[since].map)
            changes = {one: (self.rolls[since].map.get(one), roll.map.get(one)) for one in keys}
            moved = [roll.entry(did) for did in roll.space.members if key(DID, did) in keys]
            told = Answer(self.head(), since, changes, self.rolls[since].map.prove(keys), tuple(moved))
        found = [entry for kind, name in asked if (entry := roll.found(kind, name))]
        keys = {key(*one) for one in asked} | {key for entry in found for key in entry.places()}
        entries = {entry.member.did: entry for entry in (*told.entries, *found)}
        shown = roll.map.prove(keys) if asked else b""
        return Answer.from_json(replace(told, entries=tuple(entries.values()), shown=shown).json())


def fresh(did):
    """Return what no two members share."""
    seed = did.encode().ljust(96, b".")
    return {
        "url": f"http://{did.rpartition(':')[2]}",
        "address": seed[-20:] if len(did) > 76 else seed[:20],
        "log_key": seed[:32],
        "aggregate": seed[:48],
    }
