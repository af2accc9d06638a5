"""`penstock init`: make a participant — a data directory with settings, keys and a management token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data
from connector.cli.speak import answer, finish
from connector.data_folder import TOKEN_BYTES, TOKEN_FILE

if TYPE_CHECKING:
    from pathlib import Path


def initialise(
    data: Path,
    *,
    name: str | None,
    roles: tuple[str, ...] | None,
    region: str | None,
    port: int | None,
    exchange: str | None,
    development: bool | None,
    public_url: str | None = None,
    folders: tuple[str, ...] | None = None,
) -> Any:
    """Write settings, draw the five keys and the management token; returns the settings. Refuses a used directory."""
    import os  # noqa: PLC0415  # the help page starts fast
    import secrets  # noqa: PLC0415  # the help page starts fast

    from connector import files, settings, settings_sources  # noqa: PLC0415  # the help page starts fast
    from connector.errors import Conflict  # noqa: PLC0415  # the help page starts fast
    from connector.identity import keys  # noqa: PLC0415  # the help page starts fast

    path = data / settings.FILE_NAME
    if path.exists():
        raise Conflict(f"`{data}` holds a participant already", "start it with `penstock serve`")
    said = {
        "participant.name": name,
        "participant.roles": roles,
        "participant.region": region,
        "server.port": port,
        "server.development": development,
        "server.public_url": public_url,
        "space.exchange": exchange,
        "console.folders": folders,
    }
    files.make_folder(data)
    files.make_private(data)  # somebody may have made it before
    found = settings_sources.from_environment(os.environ)
    values = {key: settings_sources.typed(key, value, origin) for key, (value, origin) in found.items()}
    values |= {key: value for key, value in said.items() if value is not None}
    settings.write_default(path, values)
    keys.create(data / "keys")
    files.write_atomic(data / TOKEN_FILE, secrets.token_urlsafe(TOKEN_BYTES).encode())
    return settings.build(values)


def init(
    name: Annotated[str | None, typer.Option(help="the name that people see")] = None,
    role: Annotated[
        list[str] | None,
        typer.Option(help="provider, buyer (a consumer), service, broker, arbitrator, exchange or regulator"),
    ] = None,
    region: Annotated[str | None, typer.Option(help="where we are, ISO 3166, for example US-NY")] = None,
    port: Annotated[int | None, typer.Option(help="the port to listen on")] = None,
    exchange: Annotated[str | None, typer.Option(help="URL of the exchange; none for the exchange itself")] = None,
    public_url: Annotated[str | None, typer.Option(help="the URL that others use")] = None,
    *,
    development: Annotated[bool | None, typer.Option(help="permit plain http and loopback")] = None,
    data: Data = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Make a participant, for example: penstock init --role provider --exchange https://exchange.example."""

    async def work() -> Any:
        return initialise(
            data,
            name=name,
            roles=tuple(role) if role else None,
            region=region,
            port=port,
            exchange=exchange,
            development=development,
            public_url=public_url,
        )

    made = finish(work(), as_json=as_json)
    value = {"did": made.did, "url": made.url, "data": str(data)}
    answer(value, [f"{made.did} lives in {data}", f"next: penstock serve --data {data}"], as_json=as_json)
