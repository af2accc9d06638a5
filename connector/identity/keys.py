"""The five secret keys of a participant, one for each purpose, each in a file of its own under `keys/`, and a sixth.

The sixth, of SM2, is drawn where somebody asks for national ciphers, and who has none signs by its account alone.

Law: a key is used for one purpose only; it is made once and never silently made again; its file belongs to its owner
alone (mode 0600), and the secret is in no repr, log or message.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from connector.identity import jwk
from connector.runtime import files, private_file
from connector.runtime.errors import SettingsError
from contracts import signature
from contracts.errors import ContractError
from contracts.sm2 import secret as sm2_secret
from ledger.log.wrapping import HybridKey

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ledger.log.wrapping import Opener

SECRET_BYTES = 32
# so much more than a key has that every one is as likely as the next (FIPS 186-5, A.2.1)
SPREAD_BYTES = 48
FILE_BYTES = 2 * SECRET_BYTES + 1
# orders of the two curves whose secret is a number: 0 < secret < order
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
ANY_32_BYTES = 2**256
# purpose → what its 32 bytes must stay below as a number
PURPOSES: Mapping[str, int] = {
    "token": P256_ORDER,  # ES256 request tokens
    "agreement": SECP256K1_ORDER,  # agreements, vouchers, chain transactions
    "log": ANY_32_BYTES,  # Ed25519: our log and our cosignatures; both post-quantum keys are drawn from it
    "delivery": ANY_32_BYTES,  # X25519: keys and disclosures sent to us
    "aggregate": ANY_32_BYTES,  # seed of the BLS12-381 witness key; ledger.log.aggregate derives it
}
# the one that a participant may lack: it signs contracts by SM2
SM2 = "sm2"
BELOW: Mapping[str, int] = {**PURPOSES, SM2: sm2_secret.SECRET_BELOW}
# those of P-256, by which we prove: whom we call that it is we, and anybody what we issue
TOKEN, CREDENTIAL = "token", "credential"  # what a key is for


@dataclass(frozen=True, slots=True)
class Signer:
    """A key of ours that proves, under the id (a DID URL) by which our document lists it."""

    key: ec.EllipticCurvePrivateKey = field(repr=False)
    kid: str

    @property
    def did(self) -> str:
        """Whose key it is."""
        return self.kid.rpartition("#")[0]


@dataclass(frozen=True)
class Keys:
    """The secrets, ready to use; `agreement` and `aggregate` are raw 32 bytes, as their libraries want them."""

    token: ec.EllipticCurvePrivateKey = field(repr=False)
    agreement: bytes = field(repr=False)
    log: Ed25519PrivateKey = field(repr=False)
    delivery: X25519PrivateKey = field(repr=False)
    aggregate: bytes = field(repr=False)
    sm2: bytes | None = field(default=None, repr=False)

    @classmethod
    def of(cls, raw: Mapping[str, bytes]) -> Keys:
        """Return the keys of purpose → 32 bytes."""
        return cls(
            ec.derive_private_key(int.from_bytes(raw["token"], "big"), ec.SECP256R1()),
            raw["agreement"],
            Ed25519PrivateKey.from_private_bytes(raw["log"]),
            X25519PrivateKey.from_private_bytes(raw["delivery"]),
            raw["aggregate"],
            raw.get(SM2),
        )

    def signing(self, purpose: str) -> ec.EllipticCurvePrivateKey:
        """Return the P-256 key of `token` or `credential`."""
        return {TOKEN: self.token, CREDENTIAL: self.credential}[purpose]

    def public(self, purpose: str) -> dict[str, str]:
        """Return the public key of `token` or `credential` as a JWK."""
        return jwk.of_point(self.signing(purpose).public_key(), "P-256")

    def with_token(self, secret: bytes) -> Keys:
        """Return the keys with another one of request tokens (32 bytes), and what is drawn from it."""
        return replace(self, token=ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256R1()))

    @cached_property
    def credential(self) -> ec.EllipticCurvePrivateKey:
        """The key that signs credentials (P-256), drawn from that of request tokens.

        So an exchange of several processes has one, without a file that its older folders lack.
        """
        drawn = int.from_bytes(self._drawn(b"penstock/credential/v1", SPREAD_BYTES), "big")
        return ec.derive_private_key(drawn % (P256_ORDER - 1) + 1, ec.SECP256R1())

    @cached_property
    def access(self) -> bytes:
        """The secret (32 bytes) under which access tokens of our credential service are made."""
        return self._drawn(b"penstock/access/v1", SECRET_BYTES)

    @cached_property
    def cosigner(self) -> MLDSA44PrivateKey:
        """The key of our ML-DSA-44 cosignatures, drawn from that of our log.

        Not from a key whose secret is a number on a curve: a quantum computer finds that number, and with it whatever
        was drawn from it. Of an Ed25519 key it finds what the secret hashes to, and not the secret.
        """
        return MLDSA44PrivateKey.from_seed_bytes(self._of_log(b"penstock/cosigner/v1"))

    @property
    def cosigner_public(self) -> bytes:
        """The 1,312 public bytes of the ML-DSA-44 key."""
        return self.cosigner.public_key().public_bytes_raw()

    @cached_property
    def hybrid(self) -> HybridKey:
        """The key to which event fields are sealed where we publish it (`log.hybrid`), drawn as `cosigner` is."""
        return HybridKey(self._of_log(b"penstock/hybrid/v1"))

    @property
    def openers(self) -> tuple[Opener, Opener]:
        """The keys that open event fields sealed to us, whichever of them we published when they were sealed."""
        return self.hybrid, self.delivery

    def _drawn(self, purpose: bytes, size: int) -> bytes:
        secret = self.token.private_numbers().private_value.to_bytes(SECRET_BYTES, "big")
        return HKDF(SHA256(), size, None, purpose).derive(secret)

    def _of_log(self, purpose: bytes) -> bytes:
        return HKDF(SHA256(), SECRET_BYTES, None, purpose).derive(self.log.private_bytes_raw())

    @property
    def address(self) -> bytes:
        """Our 20-byte address on chain."""
        return signature.address(self.agreement)

    @cached_property
    def sm2_public(self) -> bytes | None:
        """The public key of SM2 (64 bytes), None where there is none; raises ContractError where OpenSSL has no SM2."""
        return None if self.sm2 is None else sm2_secret.public_of(self.sm2)

    @property
    def log_public(self) -> bytes:
        """The 32 public bytes of the log key."""
        return self.log.public_key().public_bytes_raw()

    @property
    def delivery_public(self) -> bytes:
        """The 32 public bytes of the delivery key."""
        return self.delivery.public_key().public_bytes_raw()


def create(folder: Path, *, sm2: bool = False) -> Keys:
    """Make the five keys, and with `sm2` the sixth; refuses if one of them exists."""
    files.make_folder(folder)
    present = [purpose for purpose in BELOW if _path(folder, purpose).exists()]
    if sm2:
        require_sm2()
    if present:
        raise SettingsError(f"`{folder}` holds keys already ({', '.join(present)})", "a key is never made twice")
    raw = {purpose: _draw(order) for purpose, order in (BELOW if sm2 else PURPOSES).items()}
    for purpose, secret in raw.items():
        files.write_atomic(_path(folder, purpose), secret.hex().encode() + b"\n")
    return Keys.of(raw)


def load(folder: Path) -> Keys:
    """Read the keys; raises `SettingsError` if one of the five is absent, or one damaged, or readable by others."""
    if has_sm2(folder):
        require_sm2()
    there = BELOW if has_sm2(folder) else PURPOSES
    return Keys.of({purpose: _read(_path(folder, purpose), order) for purpose, order in there.items()})


def has_sm2(folder: Path) -> bool:
    """Say whether there is a key of SM2."""
    return _path(folder, SM2).exists()


def require_sm2() -> None:
    """Raise `SettingsError`, which says what to install, where this machine cannot sign by SM2."""
    try:
        sm2_secret.require()
    except ContractError as error:
        raise SettingsError(str(error)) from error


def draw_sm2(folder: Path) -> bytes:
    """Draw a key of SM2, durable on return (32 bytes); raises `SettingsError` where there is one, or no OpenSSL."""
    require_sm2()
    if has_sm2(folder):
        raise SettingsError(f"`{folder}` holds a key of SM2 already", "a key is never made twice")
    secret = _draw(BELOW[SM2])
    files.write_atomic(_path(folder, SM2), secret.hex().encode() + b"\n")
    return secret


def draw_next(folder: Path, purpose: str) -> bytes:
    """Return the secret that will follow the present one: drawn and made durable now, unless it was already."""
    path = _next(folder, purpose)
    if not path.exists():
        files.write_atomic(path, _draw(PURPOSES[purpose]).hex().encode() + b"\n")
    return _read(path, PURPOSES[purpose])


def drawn(folder: Path, purpose: str) -> bytes | None:
    """Return the secret that was drawn to follow the present one, None for none."""
    path = _next(folder, purpose)
    return _read(path, PURPOSES[purpose]) if path.exists() else None


def take_next(folder: Path, purpose: str) -> None:
    """Put the secret that was drawn in the place of the present one, which is gone."""
    secret = _read(_next(folder, purpose), PURPOSES[purpose])
    files.write_atomic(_path(folder, purpose), secret.hex().encode() + b"\n")
    files.remove(_next(folder, purpose))


def _draw(order: int) -> bytes:
    while True:
        secret = secrets.token_bytes(SECRET_BYTES)
        if 0 < int.from_bytes(secret, "big") < order:
            return secret


def _read(path: Path, order: int) -> bytes:
    try:
        content = private_file.read(path)
    except OSError as error:
        raise SettingsError(
            f"the key `{path}` cannot be read: {error.strerror}", "restore it from a back-up"
        ) from error
    try:
        secret = bytes.fromhex(content.decode("ascii").removesuffix("\n"))
    except ValueError:
        secret = b""
    if len(content) != FILE_BYTES or len(secret) != SECRET_BYTES or not 0 < int.from_bytes(secret, "big") < order:
        raise SettingsError(f"the key `{path}` is damaged", "restore it from a back-up")
    return secret


def _next(folder: Path, purpose: str) -> Path:
    return folder / f"{purpose}.next"


def _path(folder: Path, purpose: str) -> Path:
    return folder / f"{purpose}.key"
