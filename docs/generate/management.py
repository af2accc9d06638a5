"""The declared acts of the management interface, for docs/reference.md."""

from __future__ import annotations

from connector.client.acts.act import BELOW
from connector.client.acts.table import TABLE
from docs.generate.tables import table


def acts() -> str:
    """Return every declared act: how it is asked for, by whom, what it is told, and what it does."""
    rows = []
    for act in TABLE:
        fields = ", ".join(f"`{one.name}`" + ("" if one.needed else "?") for one in act.fields)
        marks = [act.roles if len(act.roles.split()) < 4 else "every role", *(["rehearsed"] if act.rehearse else [])]
        request = f"`{act.method} {act.address.removeprefix(BELOW)}`"
        command = f"`penstock {act.words}`" if act.words else ""
        rows.append((f"`{act.call}`", request, command, fields, ", ".join(marks), " ".join(act.says)))
    return table(("method", "request", "command", "fields", "who", "what it does"), rows)
