"""What has evidence of a reader made in the provider's connector, for each platform: a row each (decision 0288).

Law: (1) a platform that terms name is verified by its row in `contracts.platforms`, and its evidence is made by the row
of the same name here: whoever adds one adds both. (2) What a reader measured and reported is handed on as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from connector.identity import platform_key
from connector.runtime.errors import InvalidInput
from contracts import simulated_platform

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path


class Attester(Protocol):
    """The platform that this connector runs on."""

    def root(self, *, draws: bool) -> str:
        """Return where its signatures end, as terms name it (blocking): `sha-256:` of that key.

        Nothing is kept unless it `draws`.
        """

    def evidence(self, measurement: str, report: bytes, now: datetime) -> bytes:
        """Return its evidence of a report (32 bytes) by a reader of this measurement (blocking)."""


class SimulatedAttester:
    """Vouches with a key of the data folder for whatever it is told: no hardware is in it, and every label says so."""

    def __init__(self, data: Path) -> None:
        self._data = data

    def root(self, *, draws: bool) -> str:
        """Return it; a key is drawn where there is none, or any stands for the one to come."""
        key = platform_key.drawn(self._data) if draws else platform_key.present(self._data)
        return simulated_platform.root_of(b"" if key is None else key.public_key().public_bytes_raw())

    def evidence(self, measurement: str, report: bytes, now: datetime) -> bytes:
        """Return its evidence; raises SettingsError for a damaged key."""
        return simulated_platform.evidence(platform_key.drawn(self._data), measurement, report, now)


# name of a platform → what is asked for its evidence, made of the data folder
ATTESTERS: Final[Mapping[str, Callable[[Path], Attester]]] = {simulated_platform.NAME: SimulatedAttester}


def attester(name: str, data: Path) -> Attester:
    """Return the platform of a name that this connector runs on; raises InvalidInput where it runs on none such."""
    if name not in ATTESTERS:
        raise InvalidInput(f"this connector runs on no platform `{name[:40]}`", f"there is {', '.join(ATTESTERS)}")
    return ATTESTERS[name](data)
