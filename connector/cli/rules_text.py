"""Rules as they are typed for an option: a few words, or the path of a file with a whole policy."""

from __future__ import annotations

from pathlib import Path

from connector.cli.speak import finish


def rules_text(typed: str | None, *, as_json: bool) -> str | None:
    """Return what is sent for rules that were typed; what is the path of a file is that file's policy as JSON."""
    if typed is None or "=" in typed or not Path(typed).is_file():
        return typed
    return finish(_written(Path(typed)), as_json=as_json)


async def _written(file: Path) -> str:
    import json  # noqa: PLC0415  # loaded when the verb runs

    from connector.runtime.documents import read  # noqa: PLC0415  # the same
    from policy.forms.document import read as read_form  # noqa: PLC0415  # the same

    return json.dumps(read_form(read(file)), ensure_ascii=False)
