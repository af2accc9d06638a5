"""`penstock join`: apply for membership, and wait for the answer if that was asked for."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from connector.cli import declared
from connector.cli.options import waits
from connector.cli.speak import finish, flash, talk, watched

LOOK_SECONDS = 1.0
# what `--wait` alone means: as long as an exchange may take to answer, and its weekends
LONG_SECONDS = 60 * 60 * 24 * 30
OPTION = "--wait"
ADMITTED, REFUSED = "admitted", "refused"
Wait = Annotated[
    int | None,
    typer.Option(OPTION, metavar="[SECONDS]", min=0, help="wait until it is admitted or refused, not longer"),
]


class Patient(TyperCommand):
    """A command whose `--wait` may stand alone."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read what was typed; where nothing follows `--wait`, that is long."""
        at = args.index(OPTION) + 1 if OPTION in args else 0
        if at and not (at < len(args) and args[at].isdecimal()):
            args = [*args[:at], str(LONG_SECONDS), *args[at:]]
        return super().parse_args(ctx, args)


@declared.asking("membership_apply")
def join(
    typed: declared.Typed,
    server_wait: Wait = None,
    *,
    status: Annotated[bool, typer.Option("--status", help="only see what became of the application")] = False,
) -> None:
    """Apply for membership at the exchange of the settings; the same again changes nothing while it waits.

    For example: penstock join --message "we publish the harbour's tides" --wait
    """
    waits(None if server_wait == LONG_SECONDS else server_wait)
    asked = typed.of("membership_show") if status else typed
    if server_wait is None or typed[declared.DRY_RUN]:
        asked.do()
        return
    row = finish(_answered(asked, server_wait), as_json=typed.as_json)
    typed.tell(row, asked.act.lines(row))
    if row["state"] == REFUSED:
        raise typer.Exit(NOT_PERMITTED)


NOT_PERMITTED = 3  # exit code: refused by policy


async def _answered(asked: declared.Typed, seconds: int) -> dict[str, Any]:
    """Apply, unless that was done, and wait until it is answered; raises PeerUnreachable when nobody does in time."""
    import asyncio  # noqa: PLC0415  # a page of help needs no event loop

    from connector.client.server import server  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime.errors import PeerUnreachable  # noqa: PLC0415  # loaded when the verb runs

    _, body = asked.request()
    async with server(asked.data) as own:
        row: dict[str, Any] = await _begun(own, asked.act.method, body)
        try:
            async with asyncio.timeout(seconds):
                while row["state"] not in (ADMITTED, REFUSED):
                    if watched():
                        flash(f"  {row['state']}, to be answered until {row['due']}")
                    await asyncio.sleep(LOOK_SECONDS)
                    row = await own.call("GET", "membership")
        except TimeoutError:
            text = f"nobody has answered the application within {seconds} s; it stays, until {row['due']}"
            raise PeerUnreachable(text, "penstock join --wait") from None
        if watched():
            talk("")
    return row


async def _begun(own: Any, method: str, body: Any) -> dict[str, Any]:
    """Return the application: one that was admitted already is not handed in again."""
    from connector.runtime.errors import PeerRefused  # noqa: PLC0415  # loaded when the verb runs

    try:
        known: dict[str, Any] = await own.call("GET", "membership")
    except PeerRefused:
        known = {}
    if known.get("state") == ADMITTED or method == "GET":
        return known or dict(await own.call("GET", "membership"))
    return dict(await own.call("POST", "membership", body))


join.COMMAND = Patient  # type: ignore[attr-defined]  # how the page makes it (`connector.cli.verbs`)
