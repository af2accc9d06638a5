"""Where the server of a data directory is, and what it knows its owner by; for commands, the client and tests alike.

The address is in `DIR/server.json`, written when the server is ready; the bearer token in `DIR/management.token`. Who
has no such folder names both, with the authorities that the server's certificate may be from, or has the file of a key,
which has both in it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import orjson

from connector.net import tls
from connector.runtime.data_folder import SERVING, TOKEN_FILE
from connector.runtime.errors import InvalidInput, NoRoom, PeerUnreachable, PenstockError, ServerAbsent, Told, told_in

if TYPE_CHECKING:
    import ssl

ADDRESS_FILE = SERVING
# names the file of a key with which all commands act
KEY_VARIABLE = "PENSTOCK_KEY"
# our own server's; the longest is somebody's catalogue (`engine.crawl`)
OWN_ANSWER_BYTES_MAX = 64 * 1_048_576
BARE_BYTES = 65_536  # with less, no transaction of the server's has room
CALL_SECONDS = 120.0  # settling waits for the chain
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Address:
    """One running participant as its owner reaches it; `key` is the file of a key, which names it."""

    def __init__(self, data: Path, key: Path | None = None) -> None:
        self._data = data
        self._key = None if key is None else _read_key(key)
        self._trust: str | None = None

    @classmethod
    def named(cls, url: str, token: str, trust: str = "") -> Self:
        """Return the participant at `url`, whose owner has `token`; `trust` is a PEM file of authorities to believe."""
        base, parts = url.rstrip("/").removesuffix("/management"), urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise InvalidInput(f"`{url[:200]}` is no address of a server", "it is like https://buyer.example:7001")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise InvalidInput(f"`{base}` is plain http, on which others read the token", "name its https address")
        if not token:
            raise InvalidInput(f"who asks `{base}` needs its token", f"it is in `{TOKEN_FILE}` of its data directory")
        made = cls(Path(base))
        made._key, made._trust = {"url": base, "key": token}, trust
        return made

    @property
    def here(self) -> bool:
        """Whether files of the server's machine are files of this one, as far as its address tells."""
        return self._key is None or urlsplit(self.base()).hostname in LOOPBACK

    def context(self) -> ssl.SSLContext | None:
        """Return the context that believes what the server believes, or the authorities that were named."""
        return trusted(self._data) if self._trust is None else tls.trusting(self._trust)

    def base(self) -> str:
        """Return the server's base URL; raises ServerAbsent when none has been started here."""
        return str(_told(self._data)["url"] if self._key is None else self._key["url"])

    def below(self, path: str) -> str:
        """Return the URL of `/management/{path}`; raises as `base` does."""
        return f"{self.base()}/management/{path}"

    def headers(self) -> dict[str, str]:
        """Return the header that says who asks; raises ServerAbsent where nothing does."""
        return {"Authorization": "Bearer " + self._token()}

    def explained(self, fault: PeerUnreachable) -> PenstockError:
        """Return what to say of our own server that did not answer, or answered that it cannot now."""
        if told := told_in(fault.body):
            return Told(told)
        if self._key is None and _is_full(self._data):  # it ended of that
            return NoRoom(f"the disk of `{self._data}` is full: {fault}", "make room, then `penstock serve`")
        hint = "if it was stopped, start it with `penstock serve`, then repeat the command"
        where = f"of `{self._data}`" if self._key is None else f"at `{self.base()}`"
        return PeerUnreachable(f"the server {where} does not answer: {fault}", hint)

    def _token(self) -> str:
        if self._key is not None:
            return str(self._key["key"])
        try:
            return (self._data / TOKEN_FILE).read_text().strip()
        except FileNotFoundError:
            text = f"there is no management token in `{self._data}`"
            raise ServerAbsent(text, f"penstock serve --data {self._data}") from None


def _is_full(data: Path) -> bool:
    try:
        return shutil.disk_usage(data).free < BARE_BYTES
    except OSError:
        return False


def trusted(data: Path) -> ssl.SSLContext | None:
    """Return the context that believes what the server of `data` believes; its own certificate may be private."""
    try:
        bundle = str(_told(data).get("trust", ""))
    except ServerAbsent:
        return None  # the first call says so
    return tls.trusting(bundle)


def key_file() -> Path | None:
    """Return the file of the key with which all commands act, None where the environment names none."""
    told = os.environ.get(KEY_VARIABLE, "")
    return Path(told) if told else None


def _read_key(path: Path) -> dict[str, Any]:
    """Return what the file of a key says: an operator's, or a program's."""
    try:
        told = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        told = None
    if not isinstance(told, dict) or not {"url", "key"} <= set(told):
        raise InvalidInput(f"`{path}` is no file of a key", "`… add NAME --to FILE` writes one")
    return told


def _told(data: Path) -> dict[str, Any]:
    """Return what the server of `data` said when it was ready; raises ServerAbsent when none has been started."""
    try:
        told = orjson.loads((data / ADDRESS_FILE).read_bytes())
    except FileNotFoundError:
        raise ServerAbsent(f"no server runs on `{data}`", f"penstock serve --data {data}") from None
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict) or "url" not in told:
        raise ServerAbsent(f"`{data / ADDRESS_FILE}` is damaged", "start the server again")
    return told
