"""Passwords and one-time codes of the console's accounts: drawn, hashed with argon2id, checked.

Law: one hash takes 64 MiB, so only HASHES_AT_ONCE run at a time, off the event loop; a name that nobody has costs the
same time as one with a wrong password.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from base64 import b32encode
from functools import cache
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from pyotp import TOTP
from pyotp.utils import build_uri

from connector.runtime.errors import InvalidInput
from connector.runtime.limits import PASSWORD_CHARACTERS_MAX

if TYPE_CHECKING:
    from datetime import datetime

PASSWORD_CHARACTERS_MIN = 12
HASHES_AT_ONCE = 2
# of a drawn password: groups of letters and digits that nobody mistakes for each other, 79 bit in all
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS, GROUP_CHARACTERS = 4, 4
CODE_SECONDS = 30
# a code of the step before and after counts, too: clocks of telephones differ
CODE_STEPS = (-1, 0, 1)
SECRET_BYTES = 20


def draw() -> str:
    """Return a new password that a person can type."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(GROUP_CHARACTERS)) for _ in range(GROUPS))
    return "-".join(groups)


def check_new(password: str) -> None:
    """Raise InvalidInput for a password that is too short to be kept, or too long to be hashed."""
    if not PASSWORD_CHARACTERS_MIN <= len(password) <= PASSWORD_CHARACTERS_MAX:
        raise InvalidInput(f"a password has {PASSWORD_CHARACTERS_MIN} to {PASSWORD_CHARACTERS_MAX} characters")


class Hashing:
    """The one place where passwords are hashed."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(HASHES_AT_ONCE)

    async def hash(self, password: str) -> str:
        """Return what is kept of a password."""
        async with self._places:
            return await asyncio.to_thread(_hasher().hash, password)

    async def matches(self, kept: str, password: str) -> bool:
        """Say whether a password is that of which `kept` was kept; nothing kept matches nothing, and takes as long."""
        async with self._places:
            return await asyncio.to_thread(_matches, kept, password)


def one_time_secret(key: bytes, name: str, nonce: str) -> str:
    """Return the base32 secret of an account's one-time codes; it follows from our key, so no table holds it."""
    said = f"totp\0{name}\0{nonce}".encode()
    return b32encode(hmac.digest(key, said, hashlib.sha256)[:SECRET_BYTES]).decode()


def one_time_uri(secret: str, name: str, issuer: str) -> str:
    """Return the address by which an authenticator takes in a secret."""
    return build_uri(secret, name, issuer=issuer)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the number of the time step whose code this is, None if it is none of those that count now."""
    if len(code) != 6 or not (code.isascii() and code.isdigit()):
        return None
    newest, totp = int(now.timestamp()) // CODE_SECONDS, TOTP(secret)
    for step in (newest + offset for offset in CODE_STEPS):
        if hmac.compare_digest(totp.generate_otp(step), code):
            return step
    return None


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobodys() -> str:
    """Return the hash of a password that nobody has."""
    return _hasher().hash(secrets.token_hex())


def _matches(kept: str, password: str) -> bool:
    try:
        return _hasher().verify(kept or _nobodys(), password) and bool(kept)
    except VerificationError:
        return False
