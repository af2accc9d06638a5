"""What lies where in a participant's data directory: the names alone, for those who look without starting anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

DATABASE = "penstock.db"
CHAIN_DATABASE = "chain.db"
DEPLOYMENT = "deployment.json"
KEYS = "keys"
VAULT_KEYS = "keys/vault"
SEALED = "sealed"
# old entries of the own log (`connector.store.bundles`)
LOG = "log"
SEARCH = "search"
# sealed batches of what grows
STREAMS = "streams"
# what subjects are looked up in, sealed
LOOKUPS = "lookups"
# what came by data flows
FLOWS = "flows"
# what was pushed to us under contracts of the national interfaces
PUSHED = "pushed"
# what was sent from a browser to be published
UPLOADS = "uploads"
# programs and assents that were sent from a browser (`connector.compute.program_files`)
PROGRAMS = "programs"
# who asked for what (`connector.operation.access_log`)
ACCESS = "access"
# where the server answers, while it does; which process is about to serve, until then
SERVING = "server.json"
STARTING = "starting.json"
# the bearer token of the management API, drawn anew for each data directory
TOKEN_FILE = "management.token"  # noqa: S105  # a file's name
TOKEN_BYTES = 32
# what anybody but the owner may do: nothing, here
OTHERS = 0o077


def tables(data: Path, server: str) -> Path | str:
    """Return where the participant's tables are: the address of a server, if there is one, or a file in `data`."""
    return server or data / DATABASE
