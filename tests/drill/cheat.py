"""A way to cheat: who does it, which promise it breaks, how, and which finding of the audit names it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.drill.scene import Scene

PROMISES = ("P1", "P2", "P3", "P4", "P5", "P6", "P7")


@dataclass(frozen=True)
class Cheat:
    """`do` changes the scene. `finding` is the code that must name it; `subject` the role or `chain` it must accuse.

    One that by nature cannot be seen has no finding, and `unseen` says why; if it changes records (`do`), the drill
    shows that the audit of them is clean, else there is nothing to do. What befalls honest people is no cheat: `honest`
    says what they would be accused of wrongly, and the finding, if there is one, accuses nobody.
    """

    name: str
    by: str
    promise: str
    do: Callable[[Scene], None] | None
    finding: str = ""
    subject: str = ""
    unseen: str = ""
    honest: str = ""
