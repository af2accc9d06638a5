"""Delivery keys that were: kept before another takes their place, read back, listed for others, found by their name."""

from __future__ import annotations

import json

import pytest

from connector.identity import did as dids
from connector.identity import former
from connector.identity.keys import DELIVERY, create, draw_next, load, take_next
from connector.runtime.errors import Conflict, SettingsError, VerificationFailed
from connector.runtime.limits import FORMER_DELIVERY_KEYS_MAX
from tests.every import every

DID = "did:web:us.example"


def follow(folder):
    """Replace the delivery key; return the public part of the one before."""
    before = load(folder).delivery_public
    draw_next(folder, DELIVERY)
    take_next(folder, DELIVERY)
    return before


def publics(keys):
    return [one.public_key().public_bytes_raw() for one in keys.former]


def test_each_that_was_opens_still_the_newest_first(tmp_path):
    create(tmp_path / "keys")
    folder = tmp_path / "keys"
    first, second = follow(folder), follow(folder)
    keys = load(folder)
    assert publics(keys) == [second, first]
    assert keys.delivery_public not in (first, second)
    assert keys.delivery_of(first) is keys.former[1]
    assert keys.delivery_of(keys.delivery_public) is keys.delivery
    assert keys.delivery_of(bytes(32)) is None
    assert keys.openers == (keys.hybrid, keys.delivery, *keys.former)
    assert (folder / former.FILE).stat().st_mode & 0o777 == 0o600


def test_a_crash_between_the_two_files_leaves_one_key_in_one_place(tmp_path):
    folder = tmp_path / "keys"
    secret = create(folder).delivery.private_bytes_raw()
    former.KEPT.add(folder, secret)
    assert load(folder).former == ()
    before = follow(folder)
    assert publics(load(folder)) == [before]
    # and one after them leaves it in its place
    now = load(folder)
    (folder / f"{DELIVERY}.next").write_bytes((folder / f"{DELIVERY}.key").read_bytes())
    (folder / f"{DELIVERY}.next").chmod(0o600)
    take_next(folder, DELIVERY)
    assert (load(folder).delivery_public, publics(load(folder))) == (now.delivery_public, [before])


DAMAGED = {
    "no digits": b"x" * 64,
    "too short": b"00" * 31,
    "too many": b"\n".join([b"11" * 32] * 9),
    "no text": b"\xff",
}


@every("name", sorted(DAMAGED))
def test_a_damaged_file_is_said(tmp_path_factory, name):
    folder = tmp_path_factory.mktemp("keys") / "keys"
    create(folder)
    (folder / former.FILE).write_bytes(DAMAGED[name])
    (folder / former.FILE).chmod(0o600)
    with pytest.raises(SettingsError, match="damaged"):
        load(folder)


def test_no_more_are_kept_than_can_be_tried(tmp_path):
    folder = tmp_path / "keys"
    create(folder)
    for _ in range(FORMER_DELIVERY_KEYS_MAX):
        former.KEPT.require_room(folder)
        follow(folder)
    with pytest.raises(Conflict, match="each former one is kept"):
        former.KEPT.require_room(folder)
    keys = load(folder)
    built = dids.build(DID, "https://us.example", keys, None, exchange=True, hybrid=True)
    assert list(dids.parse(json.dumps(built).encode(), DID).former) == publics(keys)


def test_whoever_lists_another_kind_of_key_as_a_former_one_is_not_read(tmp_path):
    create(tmp_path / "keys")
    follow(tmp_path / "keys")
    built = dids.build(DID, "https://us.example", load(tmp_path / "keys"), None, exchange=False)
    assert built["keyAgreement"] == [f"{DID}#delivery"], "nobody seals to a former one"
    [method] = [one for one in built["verificationMethod"] if one["id"] == f"{DID}#delivery-1"]
    method["publicKeyJwk"]["crv"] = "Ed25519"
    with pytest.raises(VerificationFailed):
        dids.parse(json.dumps(built).encode(), DID)
