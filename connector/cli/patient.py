"""Who the doctor looks at, and what is seen of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connector.runtime import data_folder
from connector.runtime import settings as setting
from connector.runtime.errors import PenstockError, SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from connector.net.outbound import Outbound
    from connector.runtime.clock import Clock

OK, WARN, FAIL, SKIPPED = "ok", "warn", "fail", "skipped"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a check saw; `hint` says what to do about a warning."""

    text: str
    state: str = OK
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the doctor's sheet; `exit_code` is 0 unless the check failed."""

    name: str
    state: str
    text: str
    hint: str = ""
    exit_code: int = 0

    def json(self) -> dict[str, Any]:
        """Return the line as JSON."""
        return {"name": self.name, "state": self.state, "text": self.text, "hint": self.hint, "exit": self.exit_code}


@dataclass(slots=True)
class Patient:
    """Who is looked at: a data directory, its settings if they can be read, and the means to look around."""

    data: Path
    outbound: Outbound
    clock: Clock
    known: setting.Settings | None = None
    fault: PenstockError | None = None
    space: dict[str, Any] = field(default_factory=dict)
    heard: str = ""

    @property
    def settings(self) -> setting.Settings:
        """Return the settings; raises their fault."""
        if self.known is None:
            raise self.fault or SettingsError("there are no settings")
        return self.known

    @property
    def exchange(self) -> str:
        """Return the base URL of the space's exchange, which may be ourselves."""
        return self.settings.space.exchange or self.settings.url

    @property
    def tables(self) -> Path | str:
        """Return where its tables are."""
        return data_folder.tables(self.data, self.settings.store.database)
