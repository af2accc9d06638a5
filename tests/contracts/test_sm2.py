"""SM2: the example of the standard, what is no signature, and OpenSSL as another implementation, each way."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from contracts.errors import ContractError
from contracts.ndi.proof import Signer, sign
from contracts.sm2 import curve, secret, signature
from contracts.sm2.curve import N, P

# GB/T 32918.5, annex A: secret, public key, message, Z, e, r and s
SECRET = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
PUBLIC = bytes.fromhex(
    "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
MESSAGE = b"message digest"
E = "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640"
SIGNED = bytes.fromhex(
    "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
    "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
)
# GB/T 32905, annex A
SM3_ABC = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
SM3_64 = "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"


@pytest.fixture(scope="module")
def openssl(absent):
    """What OpenSSL signs by, in this process; the program of the same name is another way to the same."""
    try:
        secret.require()
    except ContractError as lacks:
        absent(str(lacks))
    if shutil.which("openssl") is None:
        absent("the program openssl is not installed")


def number(value):
    return value.to_bytes(32, "big")


def test_the_examples_of_the_standards():
    assert signature.sm3(b"abc").hex() == SM3_ABC
    assert signature.sm3(b"abcd" * 8, b"abcd" * 8).hex() == SM3_64
    assert signature.digest(PUBLIC, MESSAGE).hex() == E
    assert signature.is_by(PUBLIC, MESSAGE, SIGNED)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (SIGNED[:-1], "a byte is missing"),
        (SIGNED + b"\0", "a byte is too much"),
        (bytes(64), "both are zero"),
        (bytes(32) + SIGNED[32:], "r is zero"),
        (SIGNED[:32] + bytes(32), "s is zero"),
        (number(N) + SIGNED[32:], "r is the order"),
        (SIGNED[:32] + number(N), "s is the order"),
        (b"\xff" * 64, "both are beyond the order"),
        (SIGNED[:32] + number(N - int.from_bytes(SIGNED[:32], "big")), "r + s is the order"),
        (SIGNED[:32] + number(N - int.from_bytes(SIGNED[32:], "big")), "s is its opposite, which ECDSA takes"),
        (SIGNED[32:] + SIGNED[:32], "the halves are the other way round"),
    ],
)
def test_what_is_no_signature_is_nobodys(changed, why):
    assert not signature.is_by(PUBLIC, MESSAGE, changed), why


def test_a_signature_in_der_is_read_as_its_two_numbers():
    r, s = (int.from_bytes(SIGNED[at : at + 32], "big") for at in (0, 32))
    whole = encode_dss_signature(r, s)
    assert signature.of_der(whole) == SIGNED
    assert signature.of_der(encode_dss_signature(1, 2)) == number(1) + number(2)
    long = encode_dss_signature(1 << 256, s)
    for wrong in (b"", whole[:-1], whole + b"\0", long, b"\x30\x06\x02\x01\xff\x02\x01\x01", b"\x31" + whole[1:]):
        with pytest.raises(ValueError, match=r"\S"):
            signature.of_der(wrong)


@pytest.mark.parametrize(
    "public",
    [
        PUBLIC[:-1],
        b"\4" + PUBLIC,
        bytes(64),
        PUBLIC[:32] + number(int.from_bytes(PUBLIC[32:], "big") ^ 1),
        number(P) + PUBLIC[32:],
        PUBLIC[32:] + PUBLIC[:32],
    ],
)
def test_what_is_no_point_verifies_nothing(public):
    assert curve.point(public) is None
    assert not signature.is_by(public, MESSAGE, SIGNED)


def test_a_point_has_one_way_to_be_written():
    ordinate = ((x, pow(x**3 + curve.A * x + curve.B, (P + 1) // 4, P)) for x in range(1, 99))
    x, y = next((x, y) for x, y in ordinate if curve.point(number(x) + number(y)))
    assert curve.point(number(x + P) + number(y)) is None


def test_a_signature_is_of_its_message_its_key_and_its_user_alone():
    opposite = PUBLIC[:32] + number(P - int.from_bytes(PUBLIC[32:], "big"))
    assert curve.point(opposite) is not None
    assert not signature.is_by(opposite, MESSAGE, SIGNED)
    assert not signature.is_by(PUBLIC, MESSAGE + b"\0", SIGNED)
    assert not signature.is_by(PUBLIC, MESSAGE, SIGNED, b"ALICE123@YAHOO.COM")
    assert not signature.is_by(PUBLIC, MESSAGE, SIGNED, b"x" * (signature.USER_ID_BYTES_MAX + 1))


def test_openssl_computes_the_same_points(openssl):
    drawn = [number(1), number(2), number(N - 2), SECRET, *(os.urandom(31).rjust(32, b"\0") for _ in range(4))]
    for one in drawn:
        public = secret.public_of(one)
        assert curve.point(public) is not None
        assert curve.abscissa(int.from_bytes(one, "big"), 0, curve.G) == int.from_bytes(public[:32], "big")
        # the same point on both chains: (d - 1)·G + 1·G, and 0·G + d·G
        assert curve.abscissa(int.from_bytes(one, "big") - 1, 1, curve.G) == int.from_bytes(public[:32], "big")
    assert secret.public_of(SECRET) == PUBLIC
    assert curve.abscissa(N - 1, 1, curve.G) is None


def test_what_openssl_signs_in_this_process_verifies(openssl):
    for size in (0, 1, 55, 64, 100_000):
        message = os.urandom(size)
        signed = secret.sign(SECRET, message)
        assert signature.is_by(PUBLIC, message, signed)
        assert signed != secret.sign(SECRET, message)
    assert signature.is_by(PUBLIC, MESSAGE, secret.sign(SECRET, MESSAGE, b"ALICE123@YAHOO.COM"), b"ALICE123@YAHOO.COM")


@pytest.mark.parametrize("user", ["1234567812345678", "ALICE123@YAHOO.COM"])
def test_the_program_openssl_signs_and_verifies_as_we_do(openssl, tmp_path, user):
    def run(*words):
        whole = ["openssl", *words, "-rawin", "-digest", "sm3", "-pkeyopt", f"distid:{user}"]
        return subprocess.run(whole, cwd=tmp_path, capture_output=True, check=False)

    made = ["openssl", "genpkey", "-algorithm", "SM2", "-outform", "DER", "-out", "key.der"]
    subprocess.run(made, cwd=tmp_path, check=True, capture_output=True)
    told = ["openssl", "pkey", "-in", "key.der", "-inform", "DER", "-pubout", "-outform", "DER", "-out", "public.der"]
    subprocess.run(told, cwd=tmp_path, check=True, capture_output=True)
    public, private = (tmp_path / "public.der").read_bytes()[-64:], (tmp_path / "key.der").read_bytes()
    own = private[private.index(b"\x02\x01\x01\x04\x20") + 5 :][:32]
    (tmp_path / "message").write_bytes(MESSAGE)
    assert secret.public_of(own) == public
    # theirs, verified by us
    done = run("pkeyutl", "-sign", "-in", "message", "-inkey", "key.der", "-keyform", "DER", "-out", "signed")
    assert done.returncode == 0, done.stderr
    theirs = signature.of_der((tmp_path / "signed").read_bytes())
    assert signature.is_by(public, MESSAGE, theirs, user.encode())
    # ours, verified by them; and what was changed is not
    ours = secret.sign(own, MESSAGE, user.encode())
    for part, good in ((ours, True), (ours[32:] + ours[:32], False)):
        r, s = (int.from_bytes(part[at : at + 32], "big") for at in (0, 32))
        (tmp_path / "ours").write_bytes(encode_dss_signature(r, s))
        words = ("-verify", "-pubin", "-in", "message", "-inkey", "public.der", "-keyform", "DER", "-sigfile", "ours")
        assert (run("pkeyutl", *words).returncode == 0) is good


@pytest.mark.parametrize("wrong", [bytes(32), number(N - 1), number(N), b"\xff" * 32, SECRET[:-1], SECRET + b"\0"])
def test_a_secret_out_of_range_signs_nothing(openssl, wrong):
    with pytest.raises(ContractError, match="from 1 to n-2"):
        secret.sign(wrong, MESSAGE)
    with pytest.raises(ContractError, match="at most 8191 bytes"):
        secret.sign(SECRET, MESSAGE, b"x" * 8192)


def test_what_to_install_is_said_where_there_is_no_openssl(monkeypatch):
    monkeypatch.setattr(secret, "NAMES", ("libnothing.so.0",))
    monkeypatch.setattr(secret, "find_library", lambda _name: None)
    secret._library.cache_clear()
    try:
        for act in (secret.require, lambda: secret.sign(SECRET, MESSAGE), lambda: secret.public_of(SECRET)):
            with pytest.raises(ContractError, match=r"no OpenSSL that signs by SM2.*install OpenSSL 3"):
                act()
    finally:
        secret._library.cache_clear()
    assert signature.is_by(PUBLIC, MESSAGE, SIGNED)  # what is verified needs none


def test_a_library_of_another_kind_is_passed_over(openssl, monkeypatch):
    monkeypatch.setattr(secret, "NAMES", ("libc.so.6", *secret.NAMES))
    secret._library.cache_clear()
    try:
        assert secret.public_of(SECRET) == PUBLIC
    finally:
        secret._library.cache_clear()


def test_a_fault_in_the_middle_of_signing_is_not_handed_out(openssl, monkeypatch):
    monkeypatch.setattr(secret, "is_by", lambda *_told: False)
    with pytest.raises(ContractError, match="was not handed out"):
        secret.sign(SECRET, MESSAGE)


def test_a_signer_has_an_account_a_key_of_sm2_or_both(openssl):
    from contracts.signature import address

    account = bytes([7]) * 32
    both, plain, national = Signer(address(account), PUBLIC), Signer(address(account)), Signer(None, PUBLIC)
    old, new = sign(MESSAGE, account, None), sign(MESSAGE, account, SECRET)
    assert [one.has_signed(MESSAGE, old) for one in (both, plain, national)] == [True, True, False]
    assert [one.has_signed(MESSAGE, new) for one in (both, plain, national)] == [True, False, True]
    assert not any(
        one.has_signed(MESSAGE, made) for one in (both, plain, national) for made in (b"", bytes(64), bytes(65))
    )
