"""The key-encryption key in a hardware module: SoftHSM, by its PKCS#11 interface."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.custody.errors import VaultError
from connector.custody.kek import FileKek, beside
from connector.custody.kek_module import ModuleKek
from connector.custody.secrets import Keys
from connector.runtime.errors import SettingsError
from connector.runtime.hardware.place import Place
from tests import hsm as softhsm
from tests.every import every
from tests.hsm import MODULE, PIN, TOKEN, pin_file


@pytest.fixture
def uri(hsm, request):
    """A name of keys that no other test has."""
    return softhsm.uri(hsm, request.node.name)


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    (folder / "keys").mkdir(parents=True, mode=0o700)
    return folder


def test_no_pin_another_token_or_no_module_is_said(uri, hsm):
    """A wrong PIN is tried in `tests/connector/identity/test_hardware.py`: a process logs in once."""
    pin = str(hsm / "pin")
    for told in (
        uri.replace(pin, pin_file(hsm, "open", PIN, 0o644)),
        uri.replace(pin, str(hsm / "absent")),
        uri.replace(f"token={TOKEN}", "token=elsewhere"),
        uri.replace(str(MODULE), "/nowhere.so"),
    ):
        with pytest.raises(SettingsError):
            ModuleKek(told, make=True)


def test_a_vault_is_wrapped_in_the_module_and_by_no_file(data, uri):
    keys = Keys.of(data, uri)
    run, replica = keys.draw_run(), keys.draw_replica()
    wrapped = keys.wrap(replica, b"here", b"s" * 32)
    assert not beside(data).exists()
    again = Keys.of(data, uri)
    assert again.run(run.key_id) == run
    assert again.unwrap(replica, b"here", wrapped) == b"s" * 32
    with pytest.raises(VaultError, match="restore it"):
        Keys.of(data, "")


def test_a_rotation_destroys_the_old_key_and_another_process_finds_the_new_one(data, uri):
    keys, beside_us = Keys.of(data, uri), Keys.of(data, uri)
    run = keys.draw_run()
    [path] = (data / "keys" / "vault").iterdir()
    before = path.read_bytes()
    assert keys.rotate() == 1
    after = path.read_bytes()
    assert int.from_bytes(after[:4], "big") == int.from_bytes(before[:4], "big") + 1
    assert beside_us.run(run.key_id) == run
    with pytest.raises(VaultError, match="has not the KEK"):
        ModuleKek(uri, make=False).unwrap(run.key_id, before)


def test_what_a_file_wrapped_is_wrapped_anew_in_the_module(data, uri):
    run = Keys.of(data, "").draw_run()
    keys = Keys.of(data, uri)
    assert keys.run(run.key_id) == run
    assert (keys.settle(), keys.settle()) == (1, 0)
    beside(data).unlink()
    assert Keys.of(data, uri).run(run.key_id) == run


def test_a_key_opens_only_under_its_own_name_and_whole(uri):
    kek = ModuleKek(uri, make=True)
    wrapped = kek.wrap("run-1", b"k" * 48)
    assert kek.unwrap("run-1", wrapped) == b"k" * 48
    changed = wrapped[:-1] + bytes([wrapped[-1] ^ 1])
    for name, box in (("run-2", wrapped), ("run-1", changed), ("run-1", wrapped[:40])):
        with pytest.raises(VaultError, match="not what was wrapped"):
            kek.unwrap(name, box)


def test_it_wraps_as_a_file_does(uri, tmp_path):
    module, file = ModuleKek(uri, make=True), FileKek(tmp_path / "kek", make=True)
    assert len(module.wrap("run-1", b"k" * 48)) == len(file.wrap("run-1", b"k" * 48))


def test_a_lost_key_is_never_drawn_anew(data, uri):
    Keys.of(data, uri).draw_run()
    with pytest.raises(VaultError, match="the module has no key"):
        Keys.of(data, uri.replace("object=", "object=other-"))


def test_a_key_that_could_be_taken_out_is_refused(uri):
    import pkcs11  # where it is installed

    kek, attributes = ModuleKek(uri, make=True), pkcs11.Attribute
    loose = {attributes.SENSITIVE: False, attributes.EXTRACTABLE: True}
    label = Place.read(uri, "vault.kek_file").label
    kek._session.generate_key(pkcs11.KeyType.AES, 256, id=b"x" * 8, label=label, store=True, template=loose)
    with pytest.raises(VaultError, match="could be taken out"):
        ModuleKek(uri, make=False)


WRONG = {
    "no token": ("token=penstock;", ""),
    "a PIN in the settings": ("pin-source=file:", "pin-value=1234&pin-source=file:"),
    "something else": ("token=", "serial=1;token="),
    "an empty name": ("token=penstock", "token="),
}


@every("name", WRONG)
def test_a_uri_that_says_too_little_or_too_much_is_refused(name):
    uri = f"pkcs11:token=penstock;object=kek?module-path={MODULE}&pin-source=file:/etc/pin"
    assert Place.read(uri, "vault.kek_file") == Place(
        str(MODULE), "penstock", "kek", Path("/etc/pin"), "vault.kek_file"
    )
    with pytest.raises(SettingsError, match=r"vault\.kek_file"):
        Place.read(uri.replace(*WRONG[name]), "vault.kek_file")


def test_a_token_that_was_taken_out_is_said_and_found_again(uri):
    kek = ModuleKek(uri, make=True)
    kek._session.close()
    with pytest.raises(VaultError, match="does not do what it is asked"):
        kek.wrap("run-1", b"k" * 48)
    assert kek.unwrap("run-1", kek.wrap("run-1", b"k" * 48)) == b"k" * 48
