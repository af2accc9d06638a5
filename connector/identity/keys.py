"""The five keys of a participant, one for each purpose, each in a file of its own under `keys/`, and a sixth.

The sixth, of SM2, is drawn where somebody asks for national ciphers, and who has none signs by its account alone. Three
of the five may lie in a hardware module instead (`IN_MODULE`): their files then say which key there is meant.

Law: (1) a key is used for one purpose only; it is made once and never silently made again; its file belongs to its
owner alone (mode 0600), and the secret is in no repr, log or message. (2) What is drawn from a key is drawn from a file
of its own, `seed`, where that key lies in a module, for no module hands out what that needs.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from connector.identity import former, former_account, former_log, former_sm2, jwk, key_file
from connector.identity.hardware import held
from connector.identity.hardware.reference import Reference
from connector.runtime import files, settings
from connector.runtime.errors import SettingsError
from contracts import signature
from contracts.errors import ContractError
from contracts.sm2 import secret as sm2_secret
from ledger.log.wrapping import HybridKey

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from connector.identity.former_account import FormerAccountKey
    from connector.identity.former_log import FormerLogKey
    from connector.identity.hardware.module import Module
    from contracts.ndi.proof import FormerKey
    from contracts.signature import Secret
    from ledger.log.wrapping import Opener

SECRET_BYTES = 32
# so much more than a key has that every one is as likely as the next (FIPS 186-5, A.2.1)
SPREAD_BYTES = 48
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
# what stands in for a key that lies in a module, where others are drawn from it
SEED = "seed"
BELOW: Mapping[str, int] = {**PURPOSES, SM2: sm2_secret.SECRET_BELOW, SEED: ANY_32_BYTES}
# those of P-256, by which we prove: whom we call that it is we, and anybody what we issue
TOKEN, CREDENTIAL = "token", "credential"  # what a key is for
AGREEMENT, LOG, DELIVERY = "agreement", "log", "delivery"
# what a module can keep, and the purposes under which it lies there; delivery opens within HPKE, which takes a secret,
# and no module knows BLS12-381, SM2 and the post-quantum kinds that our programs speak
IN_MODULE: Mapping[str, tuple[str, ...]] = {TOKEN: (TOKEN, CREDENTIAL), AGREEMENT: (AGREEMENT,), LOG: (LOG,)}


@dataclass(frozen=True, slots=True)
class Signer:
    """A key of ours that proves, under the id (a DID URL) by which our document lists it."""

    key: ec.EllipticCurvePrivateKey = field(repr=False)
    kid: str

    @property
    def is_elsewhere(self) -> bool:
        """Whether signing takes the time of a module."""
        return isinstance(self.key, held.HeldP256)

    @property
    def did(self) -> str:
        """Whose key it is."""
        return self.kid.rpartition("#")[0]


@dataclass(frozen=True)
class Keys:
    """The keys, ready to use; `agreement` and `aggregate` are raw 32 bytes, as their libraries want them.

    A key that lies in a `module` signs there; `issuing` is then the one of credentials.
    """

    token: ec.EllipticCurvePrivateKey = field(repr=False)
    agreement: Secret = field(repr=False)
    log: Ed25519PrivateKey = field(repr=False)
    delivery: X25519PrivateKey = field(repr=False)
    aggregate: bytes = field(repr=False)
    sm2: bytes | None = field(default=None, repr=False)
    seed: bytes | None = field(default=None, repr=False)
    issuing: ec.EllipticCurvePrivateKey | None = field(default=None, repr=False)
    module: Module | None = field(default=None, repr=False)
    former: tuple[X25519PrivateKey, ...] = field(default=(), repr=False)  # delivery keys that were, the newest first
    sm2_former: tuple[FormerKey, ...] = ()  # the same of SM2
    log_former: tuple[FormerLogKey, ...] = ()  # the same of our log
    account_former: tuple[FormerAccountKey, ...] = ()  # and our accounts

    @classmethod
    def of(cls, told: Mapping[str, bytes | Reference], module: Module | None = None) -> Keys:
        """Return the keys of purpose → 32 bytes, or what the file of a key says that lies in the module."""
        raw = {purpose: each for purpose, each in told.items() if isinstance(each, bytes)}
        token, issuing = _tokens(told[TOKEN], module)
        log, account = told[LOG], told[AGREEMENT]
        return cls(
            token,
            account if isinstance(account, bytes) else held.HeldAccount(_held(module, AGREEMENT, account)),
            Ed25519PrivateKey.from_private_bytes(log)
            if isinstance(log, bytes)
            else held.HeldEd25519(_held(module, LOG, log)),
            X25519PrivateKey.from_private_bytes(raw["delivery"]),
            raw["aggregate"],
            raw.get(SM2),
            raw.get(SEED),
            issuing,
            module,
        )

    def keeper(self, purpose: str) -> Module | None:
        """Return the module in which the key of a purpose lies, None for one in a file."""
        kept = {TOKEN: self.token, AGREEMENT: self.agreement, LOG: self.log}.get(purpose)
        is_there = isinstance(kept, held.HeldP256 | held.HeldAccount | held.HeldEd25519)
        return self.module if is_there else None

    @property
    def files(self) -> int:
        """How many of the five lie in files."""
        return sum(self.keeper(purpose) is None for purpose in PURPOSES)

    def signing(self, purpose: str) -> ec.EllipticCurvePrivateKey:
        """Return the P-256 key of `token` or `credential`."""
        return {TOKEN: self.token, CREDENTIAL: self.credential}[purpose]

    def public(self, purpose: str) -> dict[str, str]:
        """Return the public key of `token` or `credential` as a JWK."""
        return jwk.of_point(self.signing(purpose).public_key(), "P-256")

    def with_token(self, told: bytes | Reference) -> Keys:
        """Return the keys with another one of request tokens (32 bytes, or in the module), and what goes with it."""
        token, issuing = _tokens(told, self.module)
        return replace(self, token=token, issuing=issuing)

    @cached_property
    def credential(self) -> ec.EllipticCurvePrivateKey:
        """The key that signs credentials (P-256), drawn from that of request tokens, or beside it in the module.

        So an exchange of several processes has one, without a file that its older folders lack.
        """
        if self.issuing is not None:
            return self.issuing
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
    def deliveries(self) -> tuple[X25519PrivateKey, ...]:
        """The keys that open what is or was sealed to us, the present one first."""
        return self.delivery, *self.former

    def delivery_of(self, public: bytes) -> X25519PrivateKey | None:
        """Return the delivery key of ours that others know by these 32 bytes, None where it is none of ours."""
        return next((one for one in self.deliveries if one.public_key().public_bytes_raw() == public), None)

    @property
    def openers(self) -> tuple[Opener, ...]:
        """The keys that open event fields sealed to us, whichever of them we published when they were sealed."""
        return self.hybrid, *(one.hybrid for one in self.log_former), *self.deliveries

    def number(self, about: bytes) -> bytes:
        """Return a number (32 bytes) of ours about something: always the same, and nobody else foretells it."""
        return self._of_log(about)

    def _drawn(self, purpose: bytes, size: int) -> bytes:
        if isinstance(self.token, held.HeldP256):
            secret = self._stand_in()
        else:
            secret = self.token.private_numbers().private_value.to_bytes(SECRET_BYTES, "big")
        return HKDF(SHA256(), size, None, purpose).derive(secret)

    def _of_log(self, purpose: bytes) -> bytes:
        secret = self._stand_in() if isinstance(self.log, held.HeldEd25519) else self.log.private_bytes_raw()
        return HKDF(SHA256(), SECRET_BYTES, None, purpose).derive(secret)

    def _stand_in(self) -> bytes:
        assert self.seed is not None, "it was read with the keys that lie in a module"
        return self.seed

    @property
    def address(self) -> bytes:
        """Our 20-byte address on chain."""
        return signature.address(self.agreement)

    @property
    def accounts(self) -> tuple[bytes, ...]:
        """Our accounts, the present one first."""
        return self.address, *(one.address for one in self.account_former)

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


def create(folder: Path, *, sm2: bool = False, module: str = "") -> Keys:
    """Make the five keys, and with `sm2` the sixth; refuses if one of them exists.

    `module` is the URI of where those of `IN_MODULE` are drawn; raises SettingsError, ModuleFailed.
    """
    files.make_folder(folder)
    present = [purpose for purpose in BELOW if _path(folder, purpose).exists()]
    if sm2:
        require_sm2()
    if present:
        raise SettingsError(f"`{folder}` holds keys already ({', '.join(present)})", "a key is never made twice")
    keeper = _module(module) if module else None
    if keeper is not None:
        keeper.require_free([each for purposes in IN_MODULE.values() for each in purposes])
    wanted = [*PURPOSES, *([SM2] if sm2 else []), *([SEED] if keeper is not None else [])]
    told = {purpose: _drawn(purpose, keeper) for purpose in wanted}
    for purpose, each in told.items():
        key_file.write(_path(folder, purpose), each)
    return Keys.of(told, keeper)


def load(folder: Path, module: str | None = None) -> Keys:
    """Read the keys; raises `SettingsError` if one of the five is absent, or one damaged, or readable by others.

    `module` is the URI of where those are that lie in one; if it is not told, the settings beside the folder say it.
    Each of them has signed on return, so a module that is away, locked or another one is found here.
    """
    if _path(folder, SM2).exists():
        require_sm2()
    told = {purpose: _read(_path(folder, purpose), BELOW[purpose]) for purpose in PURPOSES}
    told |= {each: _read(_path(folder, each), BELOW[each]) for each in (SM2, SEED) if _path(folder, each).exists()}
    kept = {purpose: each for purpose, each in told.items() if isinstance(each, Reference)}
    uri = module if module is not None or not kept else settings.load(folder.parent, os.environ).keys.module
    if kept and not uri:
        named = ", ".join(kept)
        raise SettingsError(f"keys of `{folder}` lie in a module ({named}), and `keys.module` names none", "name it")
    keeper = _module(uri) if uri else None
    for purpose, each in kept.items():
        for position, name in enumerate(IN_MODULE[purpose]):
            assert keeper is not None
            keeper.prove(name, each, position)
    if keeper is not None and SEED not in told:
        if kept:
            raise SettingsError(f"`{_path(folder, SEED)}` is not there, from which other keys are drawn", "restore it")
        told[SEED] = key_file.draw(BELOW[SEED])  # the next key of tokens is drawn in the module
        key_file.write(_path(folder, SEED), told[SEED])
    found = replace(Keys.of(told, keeper), former=former.loaded(folder, told[DELIVERY]))
    # the present one may be among them, where a crash came between the two files
    was = tuple(one for one in former_sm2.KEPT.read(folder) if one.key != found.sm2_public)
    logs = tuple(one for one in former_log.KEPT.read(folder) if one.key != found.log_public)
    accounts = tuple(one for one in former_account.KEPT.read(folder) if one.secret != found.agreement)
    return replace(found, sm2_former=was, log_former=logs, account_former=accounts)


def require_sm2() -> None:
    """Raise `SettingsError`, which says what to install, where this machine cannot sign by SM2."""
    try:
        sm2_secret.require()
    except ContractError as error:
        raise SettingsError(str(error)) from error


def draw_next(folder: Path, purpose: str, module: Module | None = None) -> bytes | Reference:
    """Return the key that will follow the present one: drawn and made durable now, unless it was already.

    In the `module`, if there is one, and if it can keep such a key; whatever is drawn from the former stays as it is.
    """
    path = _next(folder, purpose)
    if not path.exists():
        key_file.write(path, _drawn(purpose, module))
    return _read(path, BELOW[purpose])


def drawn(folder: Path, purpose: str) -> bytes | Reference | None:
    """Return the key that was drawn to follow the present one, None for none."""
    path = _next(folder, purpose)
    return _read(path, BELOW[purpose]) if path.exists() else None


def take_next(folder: Path, purpose: str, module: Module | None = None) -> None:
    """Put the key that was drawn in the place of the present one: it is gone, in the module too, or a former one."""
    path, coming = _path(folder, purpose), _read(_next(folder, purpose), BELOW[purpose])
    before = _read(path, BELOW[purpose]) if path.exists() or purpose in PURPOSES else None
    if purpose == DELIVERY and isinstance(before, bytes) and before != coming:
        former.KEPT.add(folder, before)
    key_file.write(path, coming)
    files.remove(_next(folder, purpose))
    if isinstance(before, Reference) and module is not None:
        module.destroy(IN_MODULE[purpose], before.id)


def _drawn(purpose: str, module: Module | None) -> bytes | Reference:
    if module is not None and purpose in IN_MODULE:
        return module.draw(IN_MODULE[purpose])
    return key_file.draw(BELOW[purpose])


def _tokens(
    told: bytes | Reference, module: Module | None
) -> tuple[ec.EllipticCurvePrivateKey, ec.EllipticCurvePrivateKey | None]:
    """Return the key of request tokens, and the one of credentials if it is not drawn from that."""
    if isinstance(told, bytes):
        return ec.derive_private_key(int.from_bytes(told, "big"), ec.SECP256R1()), None
    return held.HeldP256(_held(module, TOKEN, told)), held.HeldP256(_held(module, CREDENTIAL, told, 1))


def _held(module: Module | None, purpose: str, told: Reference, position: int = 0) -> held.Held:
    assert module is not None, "who reads a reference has opened its module"
    return held.Held(module, purpose, told.id, told.public[position])


def _module(uri: str) -> Module:
    from connector.identity.hardware.module import module_at  # noqa: PLC0415  # only who has a module needs it

    return module_at(uri)


def _read(path: Path, order: int) -> bytes | Reference:
    return key_file.read(path, order, len(IN_MODULE.get(path.stem, ())))


def _next(folder: Path, purpose: str) -> Path:
    return folder / f"{purpose}.next"


def _path(folder: Path, purpose: str) -> Path:
    return folder / f"{purpose}.key"
