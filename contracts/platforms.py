"""The platforms whose evidence of a reader is known here: a row each (decision 0288).

Law: (1) what vouches for a reader is said by its platform's row, in every label, and by nobody's message. (2) Terms
that name a platform without a row are refused.

A platform has its evidence made in the provider's connector (`connector.compute.attesters`, a row there), and is
verified here, from bytes alone: so a buyer and an auditor need no hardware. To add one, write its verifying in a file
beside `contracts/simulated_platform.py`, and add the row.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol

from contracts.errors import ContractError
from contracts.simulated_platform import Simulated

if TYPE_CHECKING:
    from collections.abc import Mapping

# a quote of TDX with its certificates has some 5 KiB
EVIDENCE_BYTES_MAX: Final = 16 << 10


class Platform(Protocol):
    """What vouches for a reader: `words` is its label in English and Chinese, shown wherever it is named."""

    name: str
    words: tuple[str, str]

    def verify(self, evidence: bytes, report: bytes, measurement: str, root: str) -> None:
        """Raise ContractError unless the evidence is of this report (32 bytes), by a reader of this measurement.

        `root` is where its chain of signatures ends, as the terms name it: `sha-256:` of that key.
        """


PLATFORMS: Final[Mapping[str, Platform]] = MappingProxyType({one.name: one for one in (Simulated(),)})
LANGUAGES: Final = ("en", "zh")


def platform(name: str) -> Platform:
    """Return the row of a platform; raises ContractError where there is none."""
    if name not in PLATFORMS:
        text = f"nothing here verifies evidence of a platform `{name[:40]}`"
        raise ContractError("terms", text, f"there is {', '.join(PLATFORMS)}")
    return PLATFORMS[name]


def words(name: str, lang: str = "en") -> str:
    """Return the label of a platform in a language."""
    return platform(name).words[LANGUAGES.index(lang)]


def verify(name: str, evidence: bytes, report: bytes, measurement: str, root: str) -> None:
    """Raise ContractError unless evidence of a platform is of this report, measurement and root."""
    if not 0 < len(evidence) <= EVIDENCE_BYTES_MAX:
        raise ContractError("evidence", f"evidence has 1 to {EVIDENCE_BYTES_MAX} bytes")
    platform(name).verify(evidence, report, measurement, root)
