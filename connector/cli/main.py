"""The whole `penstock` command: the first help page is the journey, everything else is in groups."""

from __future__ import annotations

from connector.cli.entry import run as run  # noqa: PLC0414  # who imports it from here means it
from connector.cli.page import whole
from connector.cli.verbs import GROUPS as GROUPS  # noqa: PLC0414  # as above
from connector.cli.verbs import VERBS as VERBS  # noqa: PLC0414  # as above

app = whole()

if __name__ == "__main__":
    run()
