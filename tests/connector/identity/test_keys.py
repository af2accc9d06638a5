"""Key files: made once, whole, private, and read back equal."""

from __future__ import annotations

import stat
from hashlib import sha256
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from connector.identity import key_file
from connector.identity import keys as module
from connector.identity.keys import (
    P256_ORDER,
    PURPOSES,
    SECP256K1_ORDER,
    SM2,
    Keys,
    create,
    draw_next,
    drawn,
    load,
    require_sm2,
    take_next,
)
from connector.runtime.errors import SettingsError
from contracts import signature
from contracts.errors import ContractError
from contracts.sm2 import secret as sm2_secret
from tests.every import every


def test_keys_are_read_back_as_they_were_made(tmp_path):
    made = create(tmp_path / "keys")
    again = load(tmp_path / "keys")
    assert again.token.private_numbers() == made.token.private_numbers()
    assert (again.agreement, again.aggregate, again.address) == (made.agreement, made.aggregate, made.address)
    assert (again.log_public, again.delivery_public) == (made.log_public, made.delivery_public)
    secrets = {path.read_bytes() for path in (tmp_path / "keys").iterdir()}
    assert len(secrets) == len(PURPOSES) == 5


def test_a_key_of_sm2_is_there_where_it_was_asked_for(tmp_path):
    assert create(tmp_path / "plain").sm2_public is None
    made = create(tmp_path / "keys", sm2=True)
    assert load(tmp_path / "keys").sm2 == made.sm2
    assert repr(made.sm2) not in repr(made)
    assert len(made.sm2_public) == 64
    for folder in ("keys", "plain"):
        coming = draw_next(tmp_path / folder, SM2)
        assert draw_next(tmp_path / folder, SM2) == drawn(tmp_path / folder, SM2) == coming, "drawn once"
        assert load(tmp_path / folder).sm2 == (made.sm2 if folder == "keys" else None), "the present one signs"
        take_next(tmp_path / folder, SM2)
        assert load(tmp_path / folder).sm2 == coming != made.sm2
        assert drawn(tmp_path / folder, SM2) is None
    (tmp_path / "plain" / "sm2.key").write_bytes(b"ff" * 32 + b"\n")
    with pytest.raises(SettingsError, match="damaged"):
        load(tmp_path / "plain")


def test_without_an_openssl_that_has_sm2_nothing_is_drawn_and_no_key_is_passed_over(tmp_path, monkeypatch):
    made = create(tmp_path / "keys", sm2=True)
    plain = create(tmp_path / "plain")

    def absent():
        raise ContractError("sm2", "this machine has none", "install OpenSSL 3")

    monkeypatch.setattr(sm2_secret, "require", absent)
    for act in (
        lambda: create(tmp_path / "new", sm2=True),
        require_sm2,
        lambda: load(tmp_path / "keys"),
    ):
        with pytest.raises(SettingsError, match="install OpenSSL 3"):
            act()
    assert not list((tmp_path / "new").iterdir())
    assert load(tmp_path / "plain").address == plain.address != made.address


def test_the_cosigner_s_key_follows_from_that_of_the_log_alone():
    raw = {purpose: bytes([at]) * 32 for at, purpose in enumerate(PURPOSES, 1)}
    drawn = Keys.of(raw).cosigner_public
    assert len(drawn) == 1312
    # of a fixed log key it stays what it is: folders of any version have this one
    assert sha256(drawn).hexdigest().startswith("a4594d7aafe10642")
    for purpose in PURPOSES:
        other = Keys.of(raw | {purpose: b"\x55" * 32}).cosigner_public
        assert (other != drawn) is (purpose == "log")


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


@every("content", [b"", b"zz" * 32 + b"\n", b"00" * 32 + b"\n", b"ff" * 32 + b"\n", b"11" * 33 + b"\n", b"\xff" * 65])
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


def test_a_key_file_is_its_secret_in_hex_and_a_line_end(tmp_path):
    made = create(tmp_path / "keys")
    assert (tmp_path / "keys" / "agreement.key").read_bytes() == made.agreement.hex().encode() + b"\n"


def written(folder, purpose, content):
    """Five key files as somebody might have put them, one of them with this content."""
    folder.mkdir(mode=0o700)
    for name in PURPOSES:
        path = folder / f"{name}.key"
        path.touch(0o600)
        path.write_bytes(content if name == purpose else b"11" * 32 + b"\n")
    return folder


ALL_ONES = 2**256 - 1
BOUNDS = [
    ("token", P256_ORDER, False),
    ("token", P256_ORDER - 1, True),
    ("agreement", SECP256K1_ORDER, False),
    ("agreement", SECP256K1_ORDER - 1, True),
    *((purpose, number, number > 0) for purpose in ("log", "delivery", "aggregate") for number in (0, 1, ALL_ONES)),
    *((purpose, number, number > 0) for purpose in ("token", "agreement") for number in (0, 1)),
]


@every(("purpose", "number", "good"), BOUNDS)
def test_a_secret_lies_between_nothing_and_the_order_of_its_curve(tmp_path, purpose, number, good):
    folder = written(tmp_path / "keys", purpose, number.to_bytes(32, "big").hex().encode() + b"\n")
    if good:
        load(folder)
    else:
        with pytest.raises(SettingsError, match=f"`{folder}/{purpose}.key` is damaged$"):
            load(folder)


def test_the_orders_are_those_of_the_curves():
    ec.derive_private_key(P256_ORDER - 1, ec.SECP256R1())
    ec.derive_private_key(SECP256K1_ORDER - 1, ec.SECP256K1())
    for order, curve in ((P256_ORDER, ec.SECP256R1()), (SECP256K1_ORDER, ec.SECP256K1())):
        with pytest.raises(ValueError):
            ec.derive_private_key(order, curve)


@pytest.mark.parametrize("drawn", [0, P256_ORDER, P256_ORDER + 1])
def test_a_secret_that_is_no_number_of_the_curve_is_drawn_again(tmp_path, monkeypatch, drawn):
    numbers = iter([drawn, *range(1, 9)])
    dice = SimpleNamespace(token_bytes=lambda size: next(numbers).to_bytes(size, "big"))
    monkeypatch.setattr(key_file, "secrets", dice)
    made = create(tmp_path / "keys")
    assert made.token.private_numbers().private_value == 1
    assert made.agreement == bytes(31) + b"\x02"


@pytest.mark.parametrize(
    "content", [b"11" * 32, b"11" * 32 + b"\n\n", b"11" * 31 + b"\n", b"11" * 31 + b"  \n", b"1 " * 32 + b"1"]
)
def test_a_key_file_of_another_length_is_damaged(tmp_path, content):
    with pytest.raises(SettingsError, match=r"is damaged$"):
        load(written(tmp_path / "keys", "log", content))


def test_the_next_secret_is_drawn_once_and_then_takes_the_place_of_the_present_one(tmp_path):
    folder = tmp_path / "keys"
    before = create(folder)
    drawn = draw_next(folder, "delivery")
    assert (folder / "delivery.next").read_bytes() == drawn.hex().encode() + b"\n"
    assert draw_next(folder, "delivery") == drawn
    assert load(folder).delivery_public == before.delivery_public
    take_next(folder, "delivery")
    assert load(folder).delivery.private_bytes_raw() == drawn
    assert not (folder / "delivery.next").exists()
    with pytest.raises(SettingsError, match=r"cannot be read: No such file"):
        take_next(folder, "delivery")
    assert draw_next(folder, "delivery") != drawn


def test_the_public_halves_are_those_of_the_secrets():
    raw = {purpose: bytes([number + 1]) * 32 for number, purpose in enumerate(PURPOSES)}
    made = Keys.of(raw)
    assert made.token.private_numbers().private_value == int.from_bytes(raw["token"], "big")
    assert (made.agreement, made.aggregate) == (raw["agreement"], raw["aggregate"])
    assert made.address == signature.address(raw["agreement"])
    assert made.log_public == Ed25519PrivateKey.from_private_bytes(raw["log"]).public_key().public_bytes_raw()
    assert made.delivery_public == X25519PrivateKey.from_private_bytes(raw["delivery"]).public_key().public_bytes_raw()
    for name in ("token", "agreement", "log", "delivery", "aggregate"):
        assert f"{name}=" not in repr(made)
