"""One token of a module, opened: a session of ours in which it is asked, one question at a time.

Law: (1) one question at a time goes to a module, whoever in this process asks: its library is begun without word of
threads, so it need not bear two. (2) A session in which something failed is not used again; the next question opens
another, so a token that was away is found when it is back: the library is begun anew for it, which ends every session
of this process. (3) The PIN is read when a session is opened, from a file that its owner alone may read, and kept
nowhere. (4) A library that somebody else may write is not loaded: it would run as us.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from connector.runtime import private_file
from connector.runtime.errors import SettingsError

if TYPE_CHECKING:
    from connector.runtime.hardware.place import Place

# group and others: the bits of a mode by which they may write
WRITERS: Final = 0o022
# library → who may ask it now
_TURNS: Final[defaultdict[str, threading.RLock]] = defaultdict(threading.RLock)


class Opened:
    """A token and its session; hold `turn` for as long as what `session` gives is used."""

    def __init__(self, place: Place) -> None:
        self.place, self.turn = place, _TURNS[place.module]

    @cached_property
    def library(self) -> Any:
        """The bindings; raises SettingsError where they are not installed."""
        try:
            import pkcs11  # noqa: PLC0415  # only who has a module needs the library
        except ImportError as error:
            text = f"`{self.place.setting}` names a module"
            raise SettingsError(text, "pip install 'penstock[pkcs11]'") from error
        return pkcs11

    @cached_property
    def session(self) -> Any:
        """The session, opened now if there is none; raises SettingsError which says what is missing or wrong."""
        place, library, pin = self.place, self.library, self._pin()
        _own(place)
        try:
            try:
                return self._login(pin)
            except library.PKCS11Error as error:
                if type(error).__name__ not in _AWAY:
                    raise
                self.begin_anew()
                return self._login(pin)
        except library.PKCS11Error as error:
            text = f"the token `{place.token}` cannot be opened by `{place.module}`: {type(error).__name__}"
            raise SettingsError(text, _HINTS.get(type(error).__name__, _HINT)) from error

    def begin_anew(self) -> None:
        """Let the library look for its tokens anew, for what it knows of one that was taken out is void."""
        self.drop()
        self.library.lib(self.place.module).reinitialize()

    def drop(self) -> None:
        """Use this session no more."""
        self.__dict__.pop("session", None)

    def _login(self, pin: str) -> Any:
        token = self.library.lib(self.place.module).get_token(token_label=self.place.token)
        try:
            return token.open(rw=True, user_pin=pin)
        except self.library.UserAlreadyLoggedIn:  # a process logs in once, for all its sessions
            return token.open(rw=True)

    def _pin(self) -> str:
        try:
            return private_file.read(self.place.pin).decode().strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            text = f"the PIN file `{self.place.pin}` of `{self.place.setting}` cannot be read: {why}"
            raise SettingsError(text, "its owner alone may read it: chmod 600") from error


_HINT: Final = "is the module there, has the token this name, is the PIN its?"
# what a module answers of a token that is away, or was for a while
_AWAY: Final = frozenset(
    {
        "CryptokiNotInitialized",
        "DeviceError",
        "DeviceRemoved",
        "GeneralError",
        "NoSuchToken",
        "TokenNotPresent",
        "TokenNotRecognised",
    }
)
# what the module answers → what its owner does
_HINTS: Final = {
    "PinIncorrect": "the PIN is another one; after some wrong ones the token locks itself",
    "PinLocked": "too many wrong PINs: unlock the token with the PIN of its security officer",
    "NoSuchToken": "no token has this name: is it plugged in, and its name written as it is there?",
    "UserPinNotInitialized": "the token has no PIN yet: set one as its maker says",
}


def _own(place: Place) -> None:
    """Raise SettingsError for a library that others may write, or that is not named from the root on."""
    path = Path(place.module)
    if not path.is_absolute():
        raise SettingsError(f"`{place.setting}` names the module `{place.module}`", "write its path from `/` on")
    if path.exists() and any(one.stat().st_mode & WRITERS for one in (path.resolve(), path.resolve().parent)):
        raise SettingsError(f"others may write the module `{place.module}`", "it would run as us: chmod go-w")
