"""What takes the secret of SM2: signing, and the public key of a secret, by the system's OpenSSL (libcrypto, 3.0 on).

Law: (1) no arithmetic on a secret is done in Python: it goes into libcrypto as it is, which draws the nonce, and comes
out in no error. (2) A library that is not there, or was built without SM2, is refused in words that say what to
install; nothing weaker takes its place. (3) What was signed is verified before it is handed out: a fault of memory in
the middle of it would betray the secret.
"""

from __future__ import annotations

import ctypes
from contextlib import ExitStack, contextmanager
from ctypes.util import find_library
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from contracts.errors import ContractError
from contracts.sm2.curve import POINT_BYTES, N
from contracts.sm2.signature import DER_BYTES_MAX, USER_ID, USER_ID_BYTES_MAX, is_by, of_der

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET_BYTES: Final = 32
# 0 < secret < this: a secret of n-1 has no signature
SECRET_BELOW: Final = N - 1
# as Linux and macOS name it; whatever else the system calls it is asked for last, which takes time
NAMES: Final = ("libcrypto.so.3", "libcrypto.so.4", "libcrypto.3.dylib")
# DER before a secret (PKCS #8, RFC 5915) and before a public key (X.509): id-ecPublicKey on 1.2.156.10197.1.301
_CURVE: Final = bytes.fromhex("301306072a8648ce3d020106082a811ccf5501822d")
_SECRET: Final = bytes.fromhex("3041020100") + _CURVE + bytes.fromhex("042730250201010420")
_PUBLIC: Final = bytes.fromhex("3059") + _CURVE + bytes.fromhex("03420004")
_ABSENT: Final = "this machine has no OpenSSL that signs by SM2"
_INSTALL: Final = "install OpenSSL 3 with SM2 (Debian, Ubuntu: apt install libssl3; builds with no-sm2 have none)"
_FAILED: Final = "OpenSSL could not do it by SM2"
_POINTER, _SIZE = ctypes.c_void_p, ctypes.c_size_t
# function → its result and arguments
_CALLS: Final[dict[str, tuple[Any, list[Any]]]] = {
    "d2i_AutoPrivateKey": (_POINTER, [_POINTER, _POINTER, ctypes.c_long]),
    "i2d_PUBKEY": (ctypes.c_int, [_POINTER, _POINTER]),
    "EVP_PKEY_is_a": (ctypes.c_int, [_POINTER, ctypes.c_char_p]),
    "EVP_PKEY_free": (None, [_POINTER]),
    "EVP_MD_fetch": (_POINTER, [_POINTER, ctypes.c_char_p, ctypes.c_char_p]),
    "EVP_MD_free": (None, [_POINTER]),
    "EVP_MD_CTX_new": (_POINTER, []),
    "EVP_MD_CTX_free": (None, [_POINTER]),
    "EVP_DigestSignInit": (ctypes.c_int, [_POINTER, _POINTER, _POINTER, _POINTER, _POINTER]),
    "EVP_PKEY_CTX_set1_id": (ctypes.c_int, [_POINTER, ctypes.c_char_p, _SIZE]),
    "EVP_DigestSign": (ctypes.c_int, [_POINTER, ctypes.c_char_p, _POINTER, ctypes.c_char_p, _SIZE]),
    "ERR_clear_error": (None, []),
}


def sign(secret: bytes, message: bytes, user_id: bytes = USER_ID) -> bytes:
    """Return the signature (64 bytes, r and s) of a message by a secret (32 bytes); another one each time.

    Raises ContractError where the library is missing or refuses the secret.
    """
    if len(user_id) > USER_ID_BYTES_MAX:
        raise ContractError("sm2", f"a user id of SM2 has at most {USER_ID_BYTES_MAX} bytes")
    library = _library()
    with _kept(library) as held:
        key = _opened(library, held, secret)
        hashing = _held(held, library.EVP_MD_CTX_new(), library.EVP_MD_CTX_free)
        sm3 = _held(held, library.EVP_MD_fetch(None, b"SM3", None), library.EVP_MD_free)
        context = _POINTER()
        _need(library.EVP_DigestSignInit(hashing, ctypes.byref(context), sm3, None, key))
        _need(library.EVP_PKEY_CTX_set1_id(context, user_id, len(user_id)))
        out, size = ctypes.create_string_buffer(DER_BYTES_MAX), _SIZE(DER_BYTES_MAX)
        _need(library.EVP_DigestSign(hashing, out, ctypes.byref(size), message, len(message)))
        public = _public(library, key)
    signature = of_der(out.raw[: size.value])
    if not is_by(public, message, signature, user_id):
        raise ContractError("sm2", "what OpenSSL signed does not verify; it was not handed out", "check this machine")
    return signature


def public_of(secret: bytes) -> bytes:
    """Return the public key (64 bytes, x and y) of a secret (32 bytes); raises as `sign`."""
    library = _library()
    with _kept(library) as held:
        return _public(library, _opened(library, held, secret))


def require() -> None:
    """Raise ContractError, which says what to install, unless this machine can sign."""
    _library()


@lru_cache(maxsize=1)
def _library() -> Any:
    """Return libcrypto with the functions above, of which it was seen that it knows SM2 and SM3."""
    for name in _names():
        try:
            library = ctypes.CDLL(name)
            for call, (result, arguments) in _CALLS.items():
                function = getattr(library, call)
                function.restype, function.argtypes = result, arguments
            with _kept(library) as held:
                _opened(library, held, bytes(SECRET_BYTES - 1) + b"\1")
                _held(held, library.EVP_MD_fetch(None, b"SM3", None), library.EVP_MD_free)
        except (OSError, AttributeError, ContractError):
            continue
        return library
    raise ContractError("sm2", _ABSENT, _INSTALL)


def _names() -> Iterator[str]:
    yield from NAMES
    found = find_library("crypto")
    if found:
        yield found


def _opened(library: Any, held: ExitStack, secret: bytes) -> Any:
    if len(secret) != SECRET_BYTES or not 0 < int.from_bytes(secret, "big") < SECRET_BELOW:
        raise ContractError("sm2", "a secret of SM2 is a number of 32 bytes from 1 to n-2")
    encoded = ctypes.create_string_buffer(_SECRET + secret, len(_SECRET) + SECRET_BYTES)
    held.callback(ctypes.memset, encoded, 0, len(encoded))
    at = ctypes.cast(encoded, _POINTER)
    key = _held(held, library.d2i_AutoPrivateKey(None, ctypes.byref(at), len(encoded)), library.EVP_PKEY_free)
    _need(library.EVP_PKEY_is_a(key, b"SM2"))
    return key


def _public(library: Any, key: Any) -> bytes:
    size = len(_PUBLIC) + POINT_BYTES
    out = ctypes.create_string_buffer(size)
    if library.i2d_PUBKEY(key, None) != size:
        raise ContractError("sm2", _FAILED)
    at = ctypes.cast(out, _POINTER)
    library.i2d_PUBKEY(key, ctypes.byref(at))
    return out.raw[len(_PUBLIC) :]


@contextmanager
def _kept(library: Any) -> Iterator[ExitStack]:
    """Free what is made in between, and leave no error behind: TLS of this thread would take it for its own."""
    with ExitStack() as held:
        held.callback(library.ERR_clear_error)
        yield held


def _held(held: ExitStack, made: Any, free: Any) -> Any:
    """Return what was made, which is freed at the end; raises ContractError where nothing was."""
    if not made:
        raise ContractError("sm2", _FAILED)
    held.callback(free, made)
    return made


def _need(done: int) -> None:
    if done != 1:
        raise ContractError("sm2", _FAILED)
