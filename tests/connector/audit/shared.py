"""The small space with several regulators, each of whom judges its share, and the parts put together."""

from __future__ import annotations

from contracts import address, signature
from ledger.audit.audit import run
from ledger.audit.carried import Going
from ledger.audit.joining import Joining
from ledger.audit.part import Part
from ledger.audit.share import Share
from tests.connector.audit.told import Told, paid, sold
from tests.ledger.audit.diary import SUPERVISOR, Diary
from tests.ledger.audit.world import Given

SEED, SAMPLED_BY = b"\x5e" * 32, b"\x11" * 32
SHARED = frozenset({"share-absent", "share-refused", "share-incomplete", "share-contradicted"})


class Supervised(Told):
    """The small space in which some more regulators are members; of their logs nobody reads anything."""

    def __init__(self, more=2):
        self.others = [Diary("regulator", 7101 + at) for at in range(more)]
        self.barred = {}
        super().__init__()

    def document(self):
        told = super().document()
        (first,) = (one for one in told["members"] if one["role"] == "regulator")
        for one in self.others:
            keys = {"logKey": one.key.public_key().public_bytes_raw().hex(), "delivery": one.number.to_bytes(32).hex()}
            keys |= {"aggregate": one.number.to_bytes(48).hex(), "possession": one.number.to_bytes(96).hex()}
            named = {"did": one.did, "url": one.url, "address": address.show(one.account), "origin": one.origin}
            told["members"].append({**first, **named, **keys})
        return told | ({"barred": self.barred} if self.barred else {})

    @property
    def regulators(self):
        """DID → secret of all regulators."""
        return {one.did: one.secret for one in (self["regulator"], *self.others)}

    def secret(self, cut, number):
        """Return the key of who judges a share."""
        return self.regulators[cut.holders(self.regulators)[number]]


def traded(world, count=6):
    """Sell so many products more, each in a matter of its own; return the deals with their channels."""
    found = [sold(world, seed) for seed in range(20, 20 + count)]
    for deal, channel in found:
        paid(world, deal, channel, 0, 2)
    return found


async def judged(world, cut, number):
    """Return what the regulator of a share finds of it."""
    share = Share(cut, number, signature.address(world.secret(cut, number)))
    await run(Given(world), SUPERVISOR, None, Going(sharing=share))
    return share.part


async def parts(world, cut):
    """Return number → part of all shares."""
    return {number: await judged(world, cut, number) for number in range(1, cut.of + 1)}


def signed(world, found):
    """Return the documents of parts, each signed by whose share it is."""
    return [one.signed(world.secret(one.cut, one.share)) for one in found]


async def joined(world, cut, documents, **more):
    """Put parts together; return the report."""
    joining = Joining(cut, [Part.read(one) for one in documents], SAMPLED_BY, **more)
    while True:
        report = await run(Given(world), SUPERVISOR, None, Going(sharing=joining))
        if not joining.again:
            return report


def told(report):
    """Return what a report says of the space, in no order: nothing of who judged it."""
    said = report.json()
    said.pop("shared", None)
    said["figures"] = {name: value for name, value in said["figures"].items() if name != "findings"}
    rows = [row for row in said["findings"] if row["code"] not in SHARED]
    said["findings"] = sorted(rows, key=lambda row: (row["code"], row["subject"], row["en"]))
    said["clean"] = not any(row["severity"] == "error" for row in rows)
    return said


async def whole(world):
    return told(await run(Given(world), SUPERVISOR))
