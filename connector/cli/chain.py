"""`penstock chain`: the chain of the space, seen from outside, and programs put on a chain of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data, Rpc
from connector.cli.speak import answer, finish

if TYPE_CHECKING:
    from pathlib import Path

app = typer.Typer(help="The chain: its state, and the programs on it.", no_args_is_help=True)

Exchange = Annotated[str, typer.Option("--exchange", help="the space's exchange; default: that of the settings")]
Address = Annotated[str, typer.Option("--rpc", help="JSON-RPC address of the chain")]


@app.command()
def status(data: Data = DEFAULT_DATA, exchange: Exchange = "", rpc: Rpc = "", *, as_json: AsJson = False) -> None:
    """Show the newest block, what kind of chain it is, and where the programs are.

    For example: penstock chain status
    """
    found = finish(look(data, exchange, rpc), as_json=as_json)
    lines = [
        f"chain {found['chainId']} ({found['label']}): block {found['block']} at {found['at']}",
        *(f"  {name}  {where}" for name, where in found["programs"].items()),
    ]
    answer(found, lines, as_json=as_json)


@app.command()
def deploy(rpc: Address, data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """Put the programs on a chain with the participant's key and keep their addresses in the data directory.

    For example: penstock chain deploy --rpc http://localhost:8545 --data exchange
    """
    found = finish(put(data, rpc), as_json=as_json)
    lines = [f"deployed on chain {found['chainId']}; addresses are in {found['file']}"]
    answer(found, [*lines, *(f"  {name}  {where}" for name, where in found["addresses"].items())], as_json=as_json)


async def look(data: Path, exchange: str, rpc: str) -> dict[str, Any]:
    """Return the newest block and what the space says about its chain."""
    import os  # noqa: PLC0415  # loaded when the verb runs

    from connector import settings as setting  # noqa: PLC0415  # loaded when the verb runs
    from connector import tls  # noqa: PLC0415  # loaded when the verb runs
    from connector.outbound import Outbound  # noqa: PLC0415  # loaded when the verb runs
    from ledger.chain import Chain  # noqa: PLC0415  # web3 is loaded when the verb runs

    known = setting.load(data, os.environ)
    base = (exchange or known.space.exchange or known.url).rstrip("/")
    server, trust = known.server, tls.trusting(known.server.trust)
    async with Outbound(development=server.development, networks=server.networks, trust=trust) as outbound:
        space = (await outbound.get(f"{base}/space")).json()
    chain = Chain.connect(rpc or known.chain.rpc or f"{base}/rpc", trust)
    try:
        block, chain_id = await chain.newest(), await chain.chain_id()
    finally:
        await chain.close()
    return {
        "chainId": str(chain_id),
        "label": space["label"],
        "block": block.number,
        "hash": block.hash.hex(),
        "at": block.at.isoformat().replace("+00:00", "Z"),
        "programs": space["deployment"]["addresses"],
        "deployedOn": space["deployment"]["chainId"],
    }


async def put(data: Path, rpc: str) -> dict[str, Any]:
    """Deploy, and write the deployment's document; a deployment that is there already is never replaced."""
    import orjson  # noqa: PLC0415  # loaded when the verb runs

    from connector import data_folder, files  # noqa: PLC0415  # loaded when the verb runs
    from connector.errors import Conflict  # noqa: PLC0415  # loaded when the verb runs
    from connector.identity import keys  # noqa: PLC0415  # loaded when the verb runs
    from ledger import deployment  # noqa: PLC0415  # web3 is loaded when the verb runs
    from ledger.chain import Chain  # noqa: PLC0415  # web3 is loaded when the verb runs

    path = data / data_folder.DEPLOYMENT
    if path.exists():
        raise Conflict(f"`{path}` names a deployment already", "agreements refer to it; use another data directory")
    key = keys.load(data / data_folder.KEYS).agreement
    chain = Chain.connect(rpc)
    try:
        made = (await deployment.deploy(chain, key)).json()
    finally:
        await chain.close()
    files.write_atomic(path, orjson.dumps(made), mode=0o644)
    return {**made, "file": str(path)}
