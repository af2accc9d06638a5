"""Keys of identity in a module, SoftHSM: drawn there, found again, and what is done where they are not."""

from __future__ import annotations

import copy
import hashlib
import re
import subprocess
import sys
import threading

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from connector.identity import keys as key_files
from connector.identity.hardware.module import module_at
from connector.identity.hardware.reference import Reference
from connector.identity.keys import AGREEMENT, CREDENTIAL, LOG, TOKEN
from connector.runtime.errors import ModuleFailed, SettingsError
from contracts import signature
from ledger.chain.signed import raw_transaction
from tests import hsm as softhsm
from tests.every import every
from tests.hsm import MODULE, PIN, pin_file
from tests.hsm import TOKEN as LABEL

DIGEST = hashlib.sha256(b"what is signed").digest()
ES256 = ec.ECDSA(SHA256())
CALL = {"to": b"\x01" * 20, "data": b"\x02", "gas": 21_000, "nonce": 0, "value": 0, "chainId": 1337}
# of a chain where gas is free, and of one with a base fee
FEES = {"legacy": {"gasPrice": 0}, "typed": {"maxFeePerGas": 2, "maxPriorityFeePerGas": 1}}


@pytest.fixture
def uri(hsm, request):
    """A label that no other test has."""
    return softhsm.uri(hsm, re.sub(r"\W", "-", request.node.name))


@pytest.fixture
def made(tmp_path, uri):
    return key_files.create(tmp_path / "keys", module=uri)


def found(uri):
    """The keys that lie under a label now."""
    module = module_at(uri)
    with module._asked() as session:
        return [key for key in session.get_objects() if str(key.label).startswith(module._label(""))]


def test_what_lies_in_the_module_is_in_no_file_and_cannot_be_had(tmp_path, made, uri):
    for name in (TOKEN, AGREEMENT, LOG):
        assert Reference.read((tmp_path / "keys" / f"{name}.key").read_bytes()) is not None
    for act in (
        made.token.private_numbers,
        lambda: made.token.private_bytes(None, None, None),
        lambda: made.token.exchange(ec.ECDH(), made.token.public_key()),
        made.log.private_bytes_raw,
        lambda: made.log.private_bytes(None, None, None),
    ):
        with pytest.raises(SettingsError, match="does not leave it"):
            act()
    import pkcs11  # where it is installed

    secret = [key for key in found(uri) if key.object_class == pkcs11.ObjectClass.PRIVATE_KEY]
    assert len(secret) == 4
    for key in secret:
        assert (key[pkcs11.Attribute.SENSITIVE], key[pkcs11.Attribute.EXTRACTABLE]) == (True, False)
        with pytest.raises(pkcs11.PKCS11Error):
            key[pkcs11.Attribute.VALUE]


def test_each_signs_as_a_key_of_a_file_does(tmp_path, made, uri):
    again = key_files.load(tmp_path / "keys", uri)
    for _ in range(20):  # of two signatures of an account one has a high s, before it is turned
        signed = signature.sign(DIGEST, again.agreement)
        assert signature.recover(DIGEST, signed) == made.address
    for key in (again.token, again.credential):
        key.public_key().verify(key.sign(b"told", ES256), b"told", ES256)
    made.log.public_key().verify(again.log.sign(b"told"), b"told")
    assert made.token.public_key() != made.credential.public_key()
    assert copy.deepcopy(again.token) is again.token
    assert (again.access, again.cosigner_public, again.hybrid.public) == (
        made.access,
        made.cosigner_public,
        made.hybrid.public,
    )


@every("kind", FEES)
def test_a_transaction_is_that_of_its_account(made, kind):
    from eth_account import Account

    assert (
        bytes.fromhex(Account.recover_transaction(raw_transaction(CALL | FEES[kind], made.agreement))[2:])
        == made.address
    )
    secret = b"\x07" * 32
    assert (
        raw_transaction(CALL | FEES[kind], secret)
        == Account.sign_transaction(CALL | FEES[kind], secret).raw_transaction
    )


def test_a_module_that_answers_with_another_key_signs_nothing(tmp_path, made, uri):
    """Files of one participant, and under the same ids the keys of another: what a swapped token would be."""
    other = module_at(uri).draw((TOKEN, CREDENTIAL))
    path = tmp_path / "keys" / "token.key"
    own = Reference.read(path.read_bytes())
    path.write_bytes(Reference(other.id, own.public).line())
    with pytest.raises(SettingsError, match="not by the key"):
        key_files.load(tmp_path / "keys", uri)
    path.write_bytes(Reference(b"\x00" * 8, own.public).line())
    with pytest.raises(SettingsError, match="has not the key"):
        key_files.load(tmp_path / "keys", uri)


def test_keys_that_another_participant_has_there_are_not_taken(tmp_path, made, uri):
    with pytest.raises(SettingsError, match="perhaps of another participant"):
        key_files.create(tmp_path / "second", module=uri)
    assert not list((tmp_path / "second").iterdir())


def test_a_key_that_could_be_taken_out_is_refused(tmp_path, made, uri):
    import pkcs11  # where it is installed

    path, module = tmp_path / "keys" / "log.key", module_at(uri)
    attributes = pkcs11.Attribute
    with module._asked() as session:
        kind = pkcs11.KeyType.EC_EDWARDS
        drawn = session.create_domain_parameters(kind, {attributes.EC_PARAMS: b"\x13\x0cedwards25519"}, local=True)
        public, _ = drawn.generate_keypair(
            mechanism=pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
            id=b"e" * 8,
            label=module._label(LOG),
            store=True,
            private_template={attributes.SENSITIVE: False, attributes.EXTRACTABLE: True},
        )
        path.write_bytes(Reference(b"e" * 8, (public[attributes.EC_POINT][2:],)).line())
    with pytest.raises(SettingsError, match="could be taken out"):
        key_files.load(tmp_path / "keys", uri)


def test_a_rotation_draws_in_the_module_and_destroys_the_former(tmp_path, made, uri):
    folder = tmp_path / "keys"
    coming = key_files.draw_next(folder, TOKEN, made.module)
    assert key_files.draw_next(folder, TOKEN, made.module) == coming, "a crash draws no third one"
    following = made.with_token(coming)
    assert made.token.sign(b"told", ES256), "the former signs until the new one is taken"
    key_files.take_next(folder, TOKEN, made.module)
    assert key_files.load(folder, uri).token.public_key() == following.token.public_key()
    with pytest.raises(ModuleFailed, match="has not the key"):
        made.token.sign(b"told", ES256)
    assert following.access == made.access


def test_a_key_of_tokens_in_a_file_moves_by_its_rotation(tmp_path, uri):
    folder = tmp_path / "keys"
    key_files.create(folder)
    before = key_files.load(folder, uri)
    assert before.keeper(TOKEN) is None
    after = before.with_token(key_files.draw_next(folder, TOKEN, before.module))
    key_files.take_next(folder, TOKEN, before.module)
    assert key_files.load(folder, uri).token.public_key() == after.token.public_key()
    assert after.keeper(TOKEN) is before.module
    assert (after.keeper(AGREEMENT), after.cosigner_public) == (None, before.cosigner_public)


def test_without_a_module_that_is_named_or_the_seed_nothing_begins(tmp_path, made, uri):
    with pytest.raises(SettingsError, match=r"`keys\.module` names none"):
        key_files.load(tmp_path / "keys", "")
    (tmp_path / "keys" / "seed.key").unlink()
    with pytest.raises(SettingsError, match="from which other keys are drawn"):
        key_files.load(tmp_path / "keys", uri)
    assert not (tmp_path / "keys" / "seed.key").exists()


# what the bindings leave behind of a session that ended under them ends with the next collection
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_session_that_broke_is_said_and_another_one_found(made):
    made.module._opened.session.close()
    with pytest.raises(ModuleFailed, match="does not do what it is asked"):
        made.log.sign(b"told")
    made.log.public_key().verify(made.log.sign(b"told"), b"told")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_token_that_was_taken_out_signs_again_when_it_is_back(made, hsm):
    made.log.sign(b"told")
    (hsm / "tokens").rename(hsm / "away")
    try:
        for key in (made.log, made.log, made.credential):  # one that was asked before, and one that was not
            with pytest.raises(ModuleFailed) as told:
                key.sign(b"told", *([ES256] if key is made.credential else []))
            assert "/" not in str(told.value), "a stranger may hear it"
    finally:
        (hsm / "away").rename(hsm / "tokens")
    made.credential.public_key().verify(made.credential.sign(b"told", ES256), b"told", ES256)
    made.log.public_key().verify(made.log.sign(b"told"), b"told")


def test_several_threads_ask_at_once(made):
    signed, failed = [], []

    def ask():
        try:
            signed.extend(signature.recover(DIGEST, signature.sign(DIGEST, made.agreement)) for _ in range(20))
        except Exception as fault:
            failed.append(fault)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (failed, set(signed), len(signed)) == ([], {made.address}, 80)


WHERE = """
import sys
from pathlib import Path
from connector.identity import keys
from connector.runtime.errors import SettingsError
for uri in sys.argv[2:]:
    try:
        print(keys.load(Path(sys.argv[1]), uri).address.hex())
    except SettingsError as error:
        print(error, error.hint)
"""


def in_another_process(folder, *uris):
    """What a process of its own says of these keys: a login counts for a whole process."""
    command = [sys.executable, "-c", WHERE, str(folder), *uris]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_what_is_wrong_is_said_in_words_and_two_processes_have_one_token(tmp_path, hsm, made, uri):
    pin_file(hsm, "wrong", "9999")
    pin_file(hsm, "open", PIN, 0o644)
    (hsm / "loose.so").write_bytes(b"")
    (hsm / "loose.so").chmod(0o666)
    # what is wrong with the URI → what is said of it
    wrong = {
        uri.replace("/pin", "/wrong"): "the PIN is another one",
        uri.replace("/pin", "/open"): "others may read",
        uri.replace("/pin", "/absent"): "cannot be read",
        uri.replace(f"token={LABEL}", "token=elsewhere"): "no token has this name",
        uri.replace(str(MODULE), "/nowhere.so"): "is the module there",
        uri.replace(str(MODULE), "libsofthsm2.so"): "write its path from",
        uri.replace(str(MODULE), str(hsm / "loose.so")): "it would run as us",
    }
    *said, address = in_another_process(tmp_path / "keys", *wrong, uri)
    assert [words for words, told in zip(wrong.values(), said, strict=True) if words not in told] == [], said
    assert address == made.address.hex()
    assert signature.is_by(made.address, DIGEST, signature.sign(DIGEST, made.agreement))


def test_a_reference_is_read_as_it_is_written_and_nothing_else():
    told = Reference(b"12345678", (b"\x04" * 65, b"\x04" * 65))
    assert Reference.read(told.line()) == told
    for line in (told.line()[:-1], told.line() + b"\n", b"pkcs11 " + b"0" * 16 + b"\n", b"ab" * 32 + b"\n", b"\xff"):
        assert Reference.read(line) is None


def test_a_signature_that_is_nobody_s_is_not_made_recoverable():
    assert signature.recoverable(DIGEST, b"\x01" * 64, b"\x02" * 20) is None
