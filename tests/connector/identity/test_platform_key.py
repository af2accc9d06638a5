"""The key of the simulated platform: drawn once, its owner's alone, refused where it is damaged or open to others."""

from __future__ import annotations

import pytest

from connector.identity import keys, platform_key
from connector.runtime.errors import SettingsError
from tests.every import every


def test_it_is_drawn_once_and_belongs_to_its_owner(tmp_path):
    (tmp_path / "keys").mkdir(mode=0o700)
    assert platform_key.present(tmp_path) is None
    assert platform_key.public(tmp_path) == ""
    first = platform_key.drawn(tmp_path)
    assert platform_key.drawn(tmp_path).private_bytes_raw() == first.private_bytes_raw()
    assert platform_key.public(tmp_path) == first.public_key().public_bytes_raw().hex()
    assert (tmp_path / "keys/simulated.key").stat().st_mode & 0o777 == 0o600


@every("content", [b"", b"00" * 32, b"00" * 31 + b"\n", b"zz" * 32 + b"\n", b"AB" * 32 + b"\n", b"00" * 3_000])
def test_a_damaged_one_is_never_silently_another(content, tmp_path):
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    (folder / "simulated.key").write_bytes(content)
    (folder / "simulated.key").chmod(0o600)
    for read in (platform_key.present, platform_key.drawn, platform_key.public):
        with pytest.raises(SettingsError):
            read(tmp_path)


def test_one_that_others_may_read_is_refused(tmp_path):
    (tmp_path / "keys").mkdir(mode=0o700)
    platform_key.drawn(tmp_path)
    (tmp_path / "keys/simulated.key").chmod(0o644)
    with pytest.raises(SettingsError, match="others may read"):
        platform_key.drawn(tmp_path)


def test_numbers_of_ours_are_of_what_they_are_about(tmp_path):
    ours, theirs = keys.create(tmp_path / "ours"), keys.create(tmp_path / "theirs")
    assert ours.number(b"one") == keys.load(tmp_path / "ours").number(b"one")
    assert len({ours.number(b"one"), ours.number(b"two"), theirs.number(b"one")}) == 3
