"""Keys of our log that were: their file, the document that lists them, and who has signed whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connector.identity import did as dids
from connector.identity import followed_log, former_log, jwk, vouching
from connector.identity import keys as key_files
from connector.identity.former_log import FormerLogKey
from connector.runtime.errors import Conflict, SettingsError, VerificationFailed
from connector.runtime.limits import LISTED_LOG_KEYS_MAX
from ledger.space.log_keys import FORMER_LOG_MAX

DID = "did:web:buyer.example"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def followed(keys, size=7, until=NOW + timedelta(hours=1)):
    """Return keys with another one of the log, and the present one among those before."""
    coming = Ed25519PrivateKey.generate()
    proof = vouching.proof(DID, keys.log, jwk.of_bytes(coming.public_key().public_bytes_raw(), followed_log.CURVE))
    was = FormerLogKey(keys.log_public, size, until, keys.hybrid, proof, keys.log.private_bytes_raw())
    return replace(keys, log=coming, log_former=(was, *keys.log_former))


def served(keys):
    return dids.build(DID, "https://buyer.example", keys, None, exchange=False)


def parsed(document):
    return dids.parse(orjson.dumps(document), DID)


def test_a_file_has_what_was_written_and_signs_until_its_time(tmp_path):
    keys = followed(followed(key_files.create(tmp_path / "keys")))
    for one in reversed(keys.log_former):
        former_log.KEPT.add(tmp_path, one)
        former_log.KEPT.add(tmp_path, one)
    assert former_log.KEPT.read(tmp_path) == keys.log_former
    assert (tmp_path / former_log.FILE).stat().st_mode & 0o077 == 0
    assert len(former_log.signers(keys.log, keys.log_former)) == 3
    over = [one.at(NOW + timedelta(hours=1)) for one in keys.log_former]
    assert former_log.signers(keys.log, over) == (keys.log,)
    assert [one.at(NOW) for one in keys.log_former] == list(keys.log_former)
    assert keys.log_former[0].secret.hex() not in repr(keys.log_former)


@pytest.mark.parametrize("text", ["", "00", "zz 1 2 3 4 -", "a\u00e9"])
def test_a_damaged_file_is_refused(tmp_path, text):
    path = tmp_path / former_log.FILE
    path.write_text(text + "\n")
    path.chmod(0o600)
    with pytest.raises(SettingsError, match="damaged"):
        former_log.KEPT.read(tmp_path)


def test_there_is_an_end_of_former_keys(tmp_path):
    keys = key_files.create(tmp_path / "keys")
    for _ in range(FORMER_LOG_MAX):
        former_log.KEPT.require_room(tmp_path)
        keys = followed(keys)
        former_log.KEPT.write(tmp_path, keys.log_former)
    with pytest.raises(Conflict, match="each former one"):
        former_log.KEPT.require_room(tmp_path)


def test_a_document_lists_the_newest_each_signed_for_by_the_one_before(tmp_path):
    keys = key_files.create(tmp_path / "keys")
    assert parsed(served(keys)).log_former == ()
    for size in range(1, 5):
        keys = followed(keys, size)
        found = parsed(served(keys))
        assert found.log == keys.log_public
        assert found.log_former == tuple(one.told for one in keys.log_former[:LISTED_LOG_KEYS_MAX])
        assert found.log not in {one.key for one in found.log_former}


@pytest.mark.parametrize("fragment", ["log", "log-2"])
@pytest.mark.parametrize("how", ["left out", "another's", "for another DID"])
def test_a_key_that_the_one_before_has_not_signed_makes_the_document_void(tmp_path, fragment, how):
    keys = followed(followed(key_files.create(tmp_path / "keys")))
    document = served(keys)
    [method] = [one for one in document["verificationMethod"] if one["id"] == f"{DID}#{fragment}"]
    key = method["publicKeyJwk"]
    former = Ed25519PrivateKey.from_private_bytes(keys.log_former[0].secret)
    {
        "left out": lambda: key.pop(vouching.LOG_PROOF),
        "another's": lambda: key.update(vouching.vouched(DID, Ed25519PrivateKey.generate(), key)),
        "for another DID": lambda: key.update(vouching.vouched(DID + ".org", former, key)),
    }[how]()
    with pytest.raises(VerificationFailed, match="has not signed"):
        parsed(document)


@pytest.mark.parametrize("told", [{followed_log.SIZE: "-1"}, {followed_log.SIZE: 7}, {followed_log.UNTIL: "today"}])
def test_a_former_key_without_an_end_is_refused(tmp_path, told):
    document = served(followed(key_files.create(tmp_path / "keys")))
    [method] = [one for one in document["verificationMethod"] if one["id"] == f"{DID}#log-1"]
    method["publicKeyJwk"].update(told)
    with pytest.raises(VerificationFailed):
        parsed(document)


def test_what_was_sealed_to_a_former_hybrid_key_is_opened(tmp_path):
    before = key_files.create(tmp_path / "keys")
    after = followed(before)
    assert before.hybrid.public != after.hybrid.public
    assert before.hybrid.public in {one.public for one in after.openers if hasattr(one, "seed")}
