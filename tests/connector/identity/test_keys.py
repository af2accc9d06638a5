"""Key files: made once, whole, private, and read back equal."""

from __future__ import annotations

import stat

import pytest

from connector.errors import SettingsError
from connector.identity import keys as module
from connector.identity.keys import PURPOSES, create, load


def test_keys_are_read_back_as_they_were_made(tmp_path):
    made = create(tmp_path / "keys")
    again = load(tmp_path / "keys")
    assert again.token.private_numbers() == made.token.private_numbers()
    assert (again.agreement, again.aggregate, again.address) == (made.agreement, made.aggregate, made.address)
    assert (again.log_public, again.delivery_public) == (made.log_public, made.delivery_public)
    secrets = {path.read_bytes() for path in (tmp_path / "keys").iterdir()}
    assert len(secrets) == len(PURPOSES) == 5


def test_only_the_owner_may_read_them(tmp_path):
    create(tmp_path / "keys")
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    for path in (tmp_path / "keys").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (tmp_path / "keys" / "log.key").chmod(0o640)
    with pytest.raises(SettingsError) as caught:
        load(tmp_path / "keys")
    assert "chmod 600" in caught.value.hint


def test_a_key_is_never_made_twice(tmp_path):
    create(tmp_path / "keys")
    before = {path.name: path.read_bytes() for path in (tmp_path / "keys").iterdir()}
    with pytest.raises(SettingsError, match="holds keys already"):
        create(tmp_path / "keys")
    (tmp_path / "keys" / "log.key").unlink()
    with pytest.raises(SettingsError, match="holds keys already"):
        create(tmp_path / "keys")
    del before["log.key"]
    assert {path.name: path.read_bytes() for path in (tmp_path / "keys").iterdir()} == before
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path / "keys")


@pytest.mark.parametrize(
    "content", [b"", b"zz" * 32 + b"\n", b"00" * 32 + b"\n", b"ff" * 32 + b"\n", b"11" * 33 + b"\n", b"\xff" * 65]
)
def test_a_damaged_key_is_refused(tmp_path, content):
    create(tmp_path / "keys")
    (tmp_path / "keys" / "token.key").write_bytes(content)
    with pytest.raises(SettingsError, match="damaged"):
        load(tmp_path / "keys")


def test_a_link_is_no_key(tmp_path):
    create(tmp_path / "keys")
    path = tmp_path / "keys" / "log.key"
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SettingsError):
        load(tmp_path / "keys")


def test_a_secret_is_in_no_repr(tmp_path):
    made = create(tmp_path / "keys")
    shown = repr(made)
    for purpose in PURPOSES:
        assert module._path(tmp_path / "keys", purpose).read_text().strip() not in shown
    assert str(made.agreement) not in shown
    assert str(made.aggregate) not in shown
