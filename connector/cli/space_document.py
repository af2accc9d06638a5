"""The space's document for a command that verifies: of an address that the user names, or what a data folder keeps.

Law: (1) a folder is read without its server and without any network; what it keeps is what its participant goes by.
(2) The command says whose document it used and where that came from, for what is verified is worth no more than it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.runtime.errors import InvalidInput

if TYPE_CHECKING:
    from pathlib import Path

    from connector.store.transaction import Tx

PATH = "/space"
ASK_SECONDS = 30.0
DEPLOYED = "deployment"  # the fact of an exchange's database that has what it founded


def at(url: str, *, development: bool, trust: Path | None) -> tuple[Any, str]:
    """Return the document that an exchange shows at its address, and the words where it is from (blocking)."""
    from connector.identity.space.view import SPACE_BYTES_MAX  # noqa: PLC0415  # the same
    from connector.net import tls  # noqa: PLC0415  # loaded when the option is given
    from connector.net.question import Question  # noqa: PLC0415  # the same

    place = url.rstrip("/").removesuffix(PATH) + PATH
    question = Question(development=development, trust=tls.trusting("" if trust is None else str(trust)))
    found = question.put("GET", place, headers={}, timeout_seconds=ASK_SECONDS, limit_bytes=SPACE_BYTES_MAX)
    return found, f"shown at {place}"


def kept(data: Path) -> tuple[Any, str] | None:
    """Return the document that the participant of a data folder keeps, None where there is no such folder (blocking).

    Raises InvalidInput for a participant that has never had one.
    """
    import os  # noqa: PLC0415  # loaded when the verb runs

    from connector.identity.space import kept as of_member  # noqa: PLC0415  # the same
    from connector.runtime import data_folder, documents, settings  # noqa: PLC0415  # the same
    from connector.store import offline  # noqa: PLC0415  # the same
    from connector.store.rows.console import FactRow  # noqa: PLC0415  # the same
    from connector.store.rows.space import MetMemberRow  # noqa: PLC0415  # the same

    if not (data / settings.FILE_NAME).is_file():
        return None

    def read(tx: Tx) -> Any:
        if (known := of_member.space(tx)) is not None:
            return known.json()
        founded = tx.get(FactRow, name=DEPLOYED)
        return None if founded is None else founded.value

    founded = data / data_folder.DEPLOYMENT  # an exchange's own
    if founded.is_file():
        return documents.read_json(founded), f"kept in {data}"
    place = data_folder.tables(data, settings.load(data, os.environ).store.database)
    found = offline.look(place, [FactRow.TABLE, MetMemberRow.TABLE], read)
    if found is None:
        text = f"the participant of `{data}` has never had its space's document"
        raise InvalidInput(text, "start it, or say --space URL")
    return found, f"kept in {data}"
