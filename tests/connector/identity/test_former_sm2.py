"""Keys of SM2 that were: kept with the time until which each counts, listed for others, and the present vouched for."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.identity import did as dids
from connector.identity import former_sm2
from connector.identity.did import UNTIL
from connector.identity.keys import SM2, create, draw_next, load, take_next
from connector.identity.vouching import LOG_PROOF
from connector.runtime.errors import Conflict, SettingsError, VerificationFailed
from connector.runtime.limits import LISTED_SM2_MAX
from contracts.ndi.proof import FormerKey, Signer
from contracts.sm2.secret import public_of, sign
from ledger.space.document import FORMER_SM2_MAX
from tests.every import every

DID = "did:web:us.example"
UNTIL_THEN = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path):
    create(tmp_path / "keys", sm2=True)
    return tmp_path / "keys"


def follow(folder, until=UNTIL_THEN):
    """Replace the key of SM2; return the public part of the one before."""
    before = load(folder)
    former_sm2.write(folder, [FormerKey(before.sm2_public, until), *before.sm2_former])
    draw_next(folder, SM2)
    take_next(folder, SM2)
    return before.sm2_public


def built(keys):
    return dids.build(DID, "http://localhost:7002", keys, None, exchange=False)


def parse(document):
    return dids.parse(json.dumps(document).encode(), DID)


def test_each_that_was_is_kept_the_newest_first_with_its_time(folder):
    first, second = follow(folder), follow(folder, UNTIL_THEN + timedelta(days=1))
    keys = load(folder)
    assert keys.sm2_former == (FormerKey(second, UNTIL_THEN + timedelta(days=1)), FormerKey(first, UNTIL_THEN))
    assert keys.sm2_public not in (first, second)


def test_the_present_one_is_none_of_them_where_a_crash_came_between_the_two_files(folder):
    present = load(folder).sm2_public
    former_sm2.write(folder, [FormerKey(present, UNTIL_THEN)])
    assert load(folder).sm2_former == ()
    assert load(folder).sm2_public == present


def test_there_are_at_most_so_many(folder):
    keys = [FormerKey(public_of(bytes([n + 1]) * 32), UNTIL_THEN) for n in range(FORMER_SM2_MAX + 1)]
    former_sm2.write(folder, keys[1:])
    with pytest.raises(Conflict, match="each former one"):
        former_sm2.write(folder, keys)
    assert former_sm2.KEPT.read(folder) == tuple(keys[1:])


@every("line", ("zz", "00", f"{'00' * 64} 2026-12-01T00:00:00+00:00", "", "{key}", "{key} soon", "{key} 2026-12-01"))
def test_a_damaged_file_is_said_to_be(folder, line):
    path = folder / former_sm2.FILE
    path.unlink(missing_ok=True)
    key = load(folder).sm2_public.hex()
    path.write_text(line.replace("{key}", key) + "\n")
    path.chmod(0o600)
    with pytest.raises(SettingsError, match="is damaged"):
        load(folder)


def test_others_find_them_with_their_times_and_the_present_one_vouched_for(folder):
    old = [follow(folder) for _ in range(LISTED_SM2_MAX + 1)]
    keys = load(folder)
    document = parse(built(keys))
    assert (document.sm2, document.sm2_vouched) == (keys.sm2_public, True)
    assert document.sm2_former == dict.fromkeys(old[:0:-1], UNTIL_THEN), "the newest are listed"
    # what another make lists is found by its curve, and nobody has vouched for it
    other = copy.deepcopy(built(keys))
    for method in other["verificationMethod"]:
        method["publicKeyJwk"].pop(UNTIL, None)
        if method["id"].endswith("#sm2"):
            del method["publicKeyJwk"][LOG_PROOF]
    found = parse(other)
    assert (found.sm2, found.sm2_vouched) == (keys.sm2_public, False)
    assert found.sm2_former == dict.fromkeys(old[:0:-1])


@every("wrong", (5, "soon", "2026-12-01T00:00:00", None))
def test_a_time_that_is_none_is_refused(folder, wrong):
    follow(folder)
    document = built(load(folder))
    document["verificationMethod"][-1]["publicKeyJwk"][UNTIL] = wrong
    with pytest.raises(VerificationFailed, match="former key of SM2"):
        parse(document)


def test_a_key_that_the_log_s_key_has_not_signed_is_refused(folder):
    keys, other = load(folder), replace(load(folder), sm2=bytes([9]) * 32)
    document, others = built(keys), built(other)
    document["verificationMethod"][-1]["publicKeyJwk"][LOG_PROOF] = others["verificationMethod"][-1]["publicKeyJwk"][
        LOG_PROOF
    ]
    with pytest.raises(VerificationFailed, match="has not signed its SM2 key"):
        parse(document)


def test_a_former_key_counts_for_what_was_there_before_its_time():
    was, now = bytes([7]) * 32, bytes([8]) * 32
    signer = Signer(None, public_of(now), (FormerKey(public_of(was), UNTIL_THEN),))
    before, after = sign(was, b"part"), sign(now, b"part")
    second = timedelta(seconds=1)
    assert signer.has_signed(b"part", before, UNTIL_THEN - second)
    assert not signer.has_signed(b"part", before, UNTIL_THEN)
    assert not signer.has_signed(b"part", before), "without a time none does"
    assert not signer.has_signed(b"other", before, UNTIL_THEN - second)
    assert signer.has_signed(b"part", after)
    assert signer.has_signed(b"part", after, UNTIL_THEN + second)
