"""fsck names whatever was changed, lost or signed wrongly in a log, and each of it once."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.log import checkpoint as checkpoints
from ledger.log import cosignature, fsck, mirror
from ledger.log import note as notes
from ledger.log import policy as log_policy
from ledger.log.checkpoint import Checkpoint
from ledger.log.cosignature import WitnessKeys
from ledger.log.flaws import FLAWS
from ledger.log.fsck import ResourceLost
from ledger.log.policy import Group, LogPolicy

ORIGIN = "localhost:7001/log"
KEY, OTHER, THIRD = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3))
VKEY = notes.log_vkey(ORIGIN, KEY.public_key().public_bytes_raw())
SIZE = 256 * 256 + 256 + 44  # a full tile of level 1, and a partial one of each level
WITNESSES = {name: WitnessKeys(name, key, bytes([7]) * 32) for name, key in (("one", OTHER), ("two", THIRD))}
POLICY = LogPolicy(
    (VKEY,),
    {name: keys.note_vkey() for name, keys in WITNESSES.items()},
    {"both": Group(2, ("one", "two"))},
    "both",
)


def signed(log, size, *cosigners):
    note = checkpoints.sign(Checkpoint(ORIGIN, size, log.root(size)), KEY)
    return note.sign_with(*(cosignature.cosign(note.text, WITNESSES[name], 1_780_000_000) for name in cosigners))


@pytest.fixture(scope="module")
def grown():
    return mirror.build(b"entry %d" % number for number in range(SIZE))


@pytest.fixture(scope="module")
def whole(grown):
    return dict(mirror.files(grown, SIZE, signed(grown, SIZE, "one", "two")))


async def checked(files, policy=POLICY):
    async def fetch(path):
        try:
            return files[path]
        except KeyError:
            raise ResourceLost(path) from None

    return await fsck.check(fetch, policy)


def flip(files, path, at):
    body = bytearray(files[path])
    body[at] ^= 1
    return {**files, path: bytes(body)}


def seen(report):
    assert all(flaw.code in FLAWS for flaw in report.flaws)
    return [(flaw.code, flaw.place) for flaw in report.flaws]


async def test_a_whole_log_is_read_whole(whole):
    report = await checked(whole)
    assert seen(report) == []
    assert (report.origin, report.size, report.entries, report.signed) == (ORIGIN, SIZE, SIZE, True)
    assert report.hashes == SIZE + SIZE // 256 + SIZE // 65536
    assert report.cosignatures == 2


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 512, 65536])
async def test_every_form_of_tree_is_whole(grown, size):
    report = await checked(dict(mirror.files(grown, size, signed(grown, size, "one", "two"))))
    assert (seen(report), report.entries) == ([], size)


@pytest.mark.parametrize(
    ("path", "at", "flaw"),
    [
        ("tile/entries/000", 5, ("entry-changed", "entry 0")),
        ("tile/entries/255", 3000, ("entry-changed", "entry 65510")),
        ("tile/entries/257.p/44", 5, ("entry-changed", "entry 65792")),
        ("tile/0/003", 33, ("hash-changed", "tile/0/003 hash 1")),
        ("tile/0/257.p/44", 40, ("hash-changed", "tile/0/257.p/44 hash 1")),
        ("tile/1/000", 64, ("hash-changed", "tile/1/000 hash 2")),
        ("tile/1/001.p/1", 0, ("hash-changed", "tile/1/001.p/1 hash 0")),
        ("tile/2/000.p/1", 9, ("hash-changed", "tile/2/000.p/1 hash 0")),
    ],
)
async def test_a_changed_byte_is_one_flaw_at_its_place(whole, path, at, flaw):
    assert seen(await checked(flip(whole, path, at))) == [flaw]


async def test_a_changed_byte_anywhere_is_found(whole):
    chance = random.Random(7)
    small = {path: body for path, body in whole.items() if path.split("/")[-1] in ("000", "001", "257", "44", "1")}
    for path in sorted(small):
        changed = flip(whole, path, chance.randrange(len(whole[path])))
        assert seen(await checked(changed)), path


@pytest.mark.parametrize("path", ["tile/entries/000", "tile/0/003", "tile/1/000", "tile/0/257.p/44", "tile/2/000.p/1"])
async def test_a_lost_file_is_one_flaw(whole, path):
    assert seen(await checked({name: body for name, body in whole.items() if name != path})) == [
        ("resource-lost", path)
    ]
    assert seen(await checked({**whole, path: whole[path][:-1]})) == [("resource-malformed", path)]


async def test_what_is_lost_on_both_sides_hides_nothing_else(whole):
    left = {name: body for name, body in whole.items() if name not in ("tile/entries/003", "tile/0/003")}
    assert seen(await checked(left)) == [("resource-lost", "tile/entries/003"), ("resource-lost", "tile/0/003")]
    left = flip(left, "tile/entries/009", 5)
    assert seen(await checked(left))[2:] == [("entry-changed", "entry 2304")]
    end = {name: body for name, body in whole.items() if not name.endswith("257.p/44")}
    assert {flaw.code for flaw in (await checked(end)).flaws} == {"resource-lost"}


async def test_an_entry_changed_together_with_its_leaf_is_found_above(whole, grown):
    entries = [b"entry %d" % number for number in range(SIZE)]
    entries[300] = b"another entry"
    forged = dict(mirror.files(mirror.build(entries), SIZE, signed(grown, SIZE, "one", "two")))
    both = {name: forged[name] for name in ("tile/entries/001", "tile/0/001")}
    assert seen(await checked({**whole, **both})) == [("entry-changed", "tile/0/001")]
    assert seen(await checked(forged)) == [("root-differs", "checkpoint")]


async def test_what_was_signed_and_by_whom(whole, grown):
    async def under(note, policy=POLICY):
        return seen(await checked({**whole, "checkpoint": note.encode().encode()}, policy))

    assert await under(signed(grown, SIZE, "one")) == [("quorum-missing", "checkpoint")]
    both = signed(grown, SIZE, "one", "two")
    line = both.signatures[1]
    codes = await under(both.sign_with(replace(line, blob=line.blob[:-1] + bytes([line.blob[-1] ^ 1]))))
    assert codes == [("cosignature-false", "checkpoint"), ("quorum-missing", "checkpoint")]
    stranger = LogPolicy((notes.log_vkey(ORIGIN, bytes(32)),), {}, {}, log_policy.NONE)
    assert await under(both, stranger) == [("checkpoint-unsigned", "checkpoint")]
    assert not (await checked(whole, None)).signed
    assert seen(await checked({"checkpoint": b"nonsense"})) == [("checkpoint-unreadable", "checkpoint")]


async def test_flaws_are_listed_up_to_a_limit(whole, monkeypatch):
    monkeypatch.setattr(fsck, "FLAWS_LIMIT_COUNT", 3)
    report = await checked({"checkpoint": whole["checkpoint"]})
    assert len(report.flaws) == 3
    assert report.untold > 200
