"""`penstock conform`: somebody's implementation held against interfaces, case by case."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data
from connector.cli.speak import answer, finish, talk

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

app = typer.Typer(help="Hold somebody's implementation against interfaces, case by case.", no_args_is_help=True)

# exit code: what was looked at is not what it should be
FAILED_EXIT = 6
To = Annotated[str, typer.Argument(help="address of the implementation, below which the interfaces lie")]
Role = Annotated[str, typer.Option(help="what it is: connector, platform or node")]
Whose = Annotated[str | None, typer.Option("--peer", help="DID of who answers there, if not its host")]
All = Annotated[bool, typer.Option("--all", help="show what passed, too")]


async def examined(data: Path, url: str, role: str, peer: str | None) -> list[dict[str, str]]:
    """Run the cases of a role as the participant of `data`, whose server must run; returns what came of each."""
    import os  # noqa: PLC0415  # loaded when the verb runs
    from functools import partial  # noqa: PLC0415  # loaded when the verb runs

    from connector.identity import keys as key_files  # noqa: PLC0415  # loaded when the verb runs
    from connector.identity import published, tokens  # noqa: PLC0415  # loaded when the verb runs
    from connector.negotiation import whereabouts  # noqa: PLC0415  # loaded when the verb runs
    from connector.net import tls  # noqa: PLC0415  # loaded when the verb runs
    from connector.net.outbound import Outbound  # noqa: PLC0415  # loaded when the verb runs
    from connector.operation.ndi.conformance import NODE, ROLES, Runner  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime import settings  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime.clock import Clock  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime.errors import InvalidInput, PeerRefused  # noqa: PLC0415  # loaded when the verb runs
    from contracts.ndi import proof  # noqa: PLC0415  # loaded when the verb runs

    if role not in ROLES:
        raise InvalidInput(f"`{role[:40]}` is no role of these interfaces", f"one of {', '.join(ROLES)}")
    known = settings.load(data, os.environ)
    keys, clock = key_files.load(data / "keys"), Clock()
    prover = published.read(data / "keys").signer(known.did, keys, key_files.TOKEN)
    base = url.removeprefix("ndi+").rstrip("/")
    did = peer or whereabouts.did_of("", base)

    async with Outbound(development=True, networks=known.server.networks, trust=tls.asking(known.server)) as out:

        async def ask(path: str, body: Any) -> tuple[int, Any]:
            return await send("GET" if body is None else "POST", path, {}, body)

        async def send(method: str, path: str, headers: Mapping[str, str], body: Any) -> tuple[int, Any]:
            proof = {"Authorization": tokens.SCHEME + tokens.issue(prover, did, clock.now())}
            try:
                told = await out.request(method, base + path, body=body, headers={**proof, **headers})
            except PeerRefused as refusal:
                return refusal.status, _json(refusal.body)
            return told.status, _json(told.body)

        sign = partial(proof.sign, account=keys.agreement, sm2=keys.sm2)
        me = await _code(data) if role == NODE else known.did
        runner, found = Runner(ask, send, sign, me, did, clock.now()), []
        async for case in runner.run(role):
            found.append(case.json())
            if len(found) % 25 == 0:
                talk(f"  {len(found)} cases")
    return found


async def _code(data: Path) -> str:
    """Return the code of our connector; raises InvalidInput where the node has assigned none."""
    from connector.client.server import server  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime.errors import InvalidInput  # noqa: PLC0415  # loaded when the verb runs

    async with server(data) as own:
        codes = (await own.call("GET", "codes"))["codes"]
    for one in codes:
        if one["kind"] in ("connector", "platform"):
            return str(one["code"])
    raise InvalidInput("our connector has no code that could be resolved", "penstock code request")


def _json(body: bytes) -> Any:
    import orjson  # noqa: PLC0415  # loaded when the verb runs

    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


@app.command()
def ndi(
    url: To, *, role: Role = "connector", peer: Whose = None, every: All = False, data: Data = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Hold the interfaces of TC609-6-2025-14 and -15 (按其设计) at an address against the cases of its role.

    For example: penstock conform ndi https://provider.example --role connector --data buyer
    """
    cases = finish(examined(data, url, role, peer), as_json=as_json)
    count = Counter(one["outcome"] for one in cases)
    lines = []
    for one in cases:
        if every or one["outcome"] != "passed":
            lines.append(f"{one['outcome']:8}{one['clause']:16}{one['case']}")
            if one["seen"]:
                lines.append(f"{'':24}{one['seen']}")
    lines.append(f"{count['passed']} passed, {count['failed']} failed, {count['unclear']} unclear in the text")
    summary = {name: count[name] for name in ("passed", "failed", "unclear")}
    answer({"role": role, "at": url, "cases": cases, **summary}, lines, as_json=as_json)
    if count["failed"]:
        raise typer.Exit(FAILED_EXIT)
