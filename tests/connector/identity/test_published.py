"""Keys that follow each other: a name is of one key for ever, and a start ends what was begun."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connector.identity import did as dids
from connector.identity import jwk, keys, published
from connector.identity.keys import CREDENTIAL, TOKEN
from connector.identity.published import ALONE
from connector.runtime.errors import SettingsError

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
DID = "did:web:localhost%3A7002"
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def folder(tmp_path):
    keys.create(tmp_path / "keys")
    return tmp_path / "keys"


def begun(folder, until=LATER):
    """Draw the key to come and list it, as a rotation does before it takes it."""
    now, listed = published.load(folder, NOW)
    coming = now.with_token(keys.draw_next(folder, TOKEN))
    listed = listed.followed(now, coming, {TOKEN: until, CREDENTIAL: until})
    published.write(folder, listed)
    return now, coming, listed


def public(key):
    return jwk.of_point(key.public_key(), "P-256")


def test_before_any_rotation_a_key_is_called_as_its_purpose(folder):
    made, listed = published.load(folder, NOW)
    assert listed == ALONE
    assert [listed.signer(DID, made, one).kid for one in (TOKEN, CREDENTIAL)] == [f"{DID}#token", f"{DID}#credential"]


def test_a_listed_key_is_the_present_one_after_the_next_start(folder):
    _, coming, _ = begun(folder)
    taken, listed = published.load(folder, NOW)
    assert public(taken.token) == public(coming.token)
    assert listed.signer(DID, taken, TOKEN).kid == f"{DID}#token-2"
    assert not (folder / "token.next").exists()
    again, _ = published.load(folder, NOW)
    assert public(again.token) == public(coming.token)


def test_a_key_that_was_drawn_and_never_listed_is_not_taken(folder):
    before = keys.load(folder)
    keys.draw_next(folder, TOKEN)
    assert public(published.load(folder, NOW)[0].token) == public(before.token)


def test_a_document_lists_former_keys_until_their_time_and_each_name_once(folder):
    seen = {}
    for number in range(1, 5):
        old, coming, listed = begun(folder, NOW + timedelta(minutes=number))
        document = dids.build(DID, "https://x", old, None, listed, exchange=True)
        for method in document["verificationMethod"]:
            assert seen.setdefault(method["id"], method["publicKeyJwk"]) == method["publicKeyJwk"]
        assert document["authentication"][0] == listed.signer(DID, old, TOKEN).kid
        assert listed.signer(DID, coming, TOKEN).kid in document["authentication"]
    taken, listed = published.load(folder, NOW + timedelta(minutes=2))
    document = dids.build(DID, "https://x", taken, None, listed, exchange=True)
    assert document["authentication"] == [f"{DID}#token-5", f"{DID}#token-3", f"{DID}#token-4"]
    assert listed.at(LATER).fragment(TOKEN, public(taken.token)) == "token-5", "a number is not given twice"


def test_a_stolen_key_is_listed_no_more(folder):
    old, coming, listed = begun(folder, NOW)
    assert listed.at(NOW).beside(coming, TOKEN) == []
    assert listed.at(NOW).beside(coming, CREDENTIAL) == []
    assert not any(row.key == public(old.token) for row in listed.at(NOW).rows)


@pytest.mark.parametrize("content", [b"{", b"[{}]", b'[{"purpose":"log","fragment":"x","key":{},"until":null}]', b"7"])
def test_a_damaged_file_is_refused(folder, content):
    (folder / published.FILE).write_bytes(content)
    with pytest.raises(SettingsError, match="damaged"):
        published.load(folder, NOW)


def test_the_file_has_no_secret(folder):
    begun(folder)
    text = (folder / published.FILE).read_text()
    assert '"d"' not in text
    assert not any(path.read_text().strip() in text for path in folder.glob("token.*"))
