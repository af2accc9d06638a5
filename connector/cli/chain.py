"""`penstock chain`: the chain of the space, seen from outside, and programs put on a chain of one's own."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli import declared
from connector.cli.options import DEFAULT_DATA, AsJson, Data, DryRun, Rpc, new_file_option
from connector.cli.speak import answer, finish

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.embedded.engine import Engine

app = typer.Typer(help="The chain: its state, and the programs on it.", no_args_is_help=True)

Exchange = Annotated[str, typer.Option("--exchange", help="the space's exchange; default: that of the settings")]
DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8545
BROKEN = 6  # exit code: verification failed
Listen = Annotated[str, typer.Option("--host", help="the address to listen on")]
Port = Annotated[int, typer.Option("--port", help="the port to listen on; 0 for a free one")]
From = Annotated[str, typer.Option("--rpc", help="take it from a running chain instead of the data directory")]
Archive = Annotated[str, typer.Argument(help="a file that `export` wrote; default: the chain in the data directory")]
Out = Annotated[Path | None, new_file_option("-o", "--out", what="write the licence here")]
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
def deploy(rpc: Address, data: Data = DEFAULT_DATA, *, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Put the programs on a chain with the participant's key and keep their addresses in the data directory.

    For example: penstock chain deploy --rpc http://localhost:8545 --data exchange
    """
    if dry_run:
        planned = finish(plan(data, rpc), as_json=as_json)
        lines = [f"would deploy {name}: {size} bytes" for name, size in planned["programs"].items()]
        who = f"from {planned['account']} on chain {planned['chainId']}; nothing was sent"
        answer(planned, [*lines, who], as_json=as_json)
        return
    found = finish(put(data, rpc), as_json=as_json)
    lines = [f"deployed on chain {found['chainId']}; addresses are in {found['file']}"]
    answer(found, [*lines, *(f"  {name}  {where}" for name, where in found["addresses"].items())], as_json=as_json)


@app.command()
def serve(
    data: Data = DEFAULT_DATA, host: Listen = DEFAULT_HOST, port: Port = DEFAULT_PORT, *, as_json: AsJson = False
) -> None:
    """Host the embedded chain of the data directory by itself, until told to stop; anybody who reaches it may use it.

    Each network address that calls has a member's share of time and disk.

    For example: penstock chain serve --data chain
    """
    finish(host_chain(data, host, port, as_json=as_json), as_json=as_json)


@app.command()
def export(data: Data = DEFAULT_DATA, rpc: From = "", *, as_json: AsJson = False) -> None:
    """Print the whole chain, block by block, so that anybody can `check` it; from a stopped chain, or by `--rpc`.

    For example: penstock chain export --rpc http://localhost:8080/rpc > chain.txt
    """
    finish(archive_lines(data, rpc), as_json=as_json)


@app.command()
def check(archive: Archive = "", data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """Execute every block again and compare states, receipts and logs; says what does not follow, and exits with 6.

    For example: penstock chain check chain.txt
    """
    found = finish(checked(data, archive), as_json=as_json)
    lines = [found["problem"]] if found["problem"] else []
    lines.append(f"chain {found['chainId']}: {found['blocks']} blocks, {found['transactions']} transactions follow")
    answer(found, lines, as_json=as_json)
    if found["problem"]:
        raise typer.Exit(BROKEN)


@app.command()
@declared.asking("agreement_licence")
def licence(typed: declared.Typed, out: Out = None) -> None:
    """Print the licence, or write it into a file."""
    from connector.runtime import files  # noqa: PLC0415  # loaded when the verb runs

    found = typed.ask()
    text = json.dumps(found)
    if out is not None:
        files.write_atomic(out, text.encode())
    said = f"written to {out}; next, anybody: penstock verify {out} --deployment space.json"
    typed.tell(found, [text if out is None else said])


async def host_chain(data: Path, host: str, port: int, *, as_json: bool) -> None:
    """Serve until SIGTERM or SIGINT."""
    import asyncio  # noqa: PLC0415  # loaded when the verb runs
    import signal  # noqa: PLC0415  # loaded when the verb runs

    from connector.api.chain_host import hosting  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime.clock import Clock  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime.data_folder import CHAIN_DATABASE  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime.files import make_folder  # noqa: PLC0415  # loaded when the verb runs

    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    make_folder(data)
    async with hosting(data / CHAIN_DATABASE, host, port, Clock()) as (embedded, url):
        told = {"chainId": str(embedded.chain_id), "rpc": url}
        answer(told, [f"chain {embedded.chain_id} at {url}"], as_json=as_json)
        await stop.wait()


async def archive_lines(data: Path, rpc: str) -> None:
    """Print the lines of an archive."""
    from connector.cli.speak import pour  # noqa: PLC0415  # loaded when the verb runs
    from ledger.chain.client import Chain  # noqa: PLC0415  # web3 is loaded when the verb runs
    from ledger.chain.programs import takes_aggregates  # noqa: PLC0415  # loaded when the verb runs
    from ledger.embedded import archive  # noqa: PLC0415  # loaded when the verb runs
    from ledger.embedded.rules import PARIS, PARIS_BLS  # noqa: PLC0415  # loaded when the verb runs

    if not rpc:
        with stopped(data) as engine:
            for line in archive.write(engine):
                pour(line.encode("ascii") + b"\n")
        return
    chain = Chain.connect(rpc)
    try:
        first, newest = await chain.block(0), await chain.newest()
        assert first is not None
        rules = PARIS_BLS if await takes_aggregates(chain) else PARIS
        head = archive.head_line(await chain.chain_id(), int(first.at.timestamp()), rules)
        pour(head.encode("ascii") + b"\n")
        for number in range(newest.number + 1):
            pour((await chain.raw_block(number)).hex().encode("ascii") + b"\n")
    finally:
        await chain.close()


async def checked(data: Path, file: str) -> dict[str, Any]:
    """Return what `check` says; `problem` is empty when all of it follows."""
    from ledger.embedded import archive  # noqa: PLC0415  # loaded when the verb runs

    none = {"chainId": "?", "blocks": 0, "transactions": 0, "newest": None, "hash": None}
    try:
        if file:
            found, strays = archive.check(_lines(file)), []
        else:
            with stopped(data) as engine:
                found, strays = archive.check(archive.write(engine)), archive.stray_logs(engine)
    except archive.ArchiveError as fault:
        return {**none, "problem": str(fault)}
    problem = f"the index of logs differs from the receipts of block {strays[0]}" if strays else ""
    told = {"chainId": str(found.chain_id), "blocks": found.blocks, "transactions": found.transactions}
    return {**told, "newest": found.newest, "hash": found.hash.hex(), "problem": problem}


def _lines(file: str) -> Iterator[str]:
    from pathlib import Path  # noqa: PLC0415  # loaded when the verb runs

    with Path(file).open(encoding="ascii", errors="replace") as lines:
        yield from (line.rstrip("\n") for line in lines)


@contextmanager
def stopped(data: Path) -> Iterator[Engine]:
    """Open the chain of a data directory that nobody hosts."""
    from connector.runtime.clock import Clock  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime.data_folder import CHAIN_DATABASE  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime.errors import Absent  # noqa: PLC0415  # loaded when the verb runs
    from ledger.embedded.engine import Engine  # noqa: PLC0415  # an EVM is loaded when the verb runs
    from ledger.embedded.store import Store  # noqa: PLC0415  # an EVM is loaded when the verb runs

    path = data / CHAIN_DATABASE
    if not path.exists():
        raise Absent(f"there is no chain in `{data}`", "name its data directory, or a running chain with --rpc")
    engine = Engine(Store(path), lambda: int(Clock().now().timestamp()))
    try:
        yield engine
    finally:
        engine.store.close()


async def look(data: Path, exchange: str, rpc: str) -> dict[str, Any]:
    """Return the newest block and what the space says about its chain."""
    import os  # noqa: PLC0415  # loaded when the verb runs

    from connector.net import tls  # noqa: PLC0415  # loaded when the verb runs
    from connector.net.outbound import Outbound  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime import settings as setting  # noqa: PLC0415  # loaded when the verb runs
    from ledger.chain.client import Chain  # noqa: PLC0415  # web3 is loaded when the verb runs

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


async def plan(data: Path, rpc: str) -> dict[str, Any]:
    """Return what `put` would do, and do nothing of it."""
    from connector.identity import keys  # noqa: PLC0415  # loaded when the option is given
    from connector.runtime import data_folder  # noqa: PLC0415  # loaded when the option is given
    from contracts import address  # noqa: PLC0415  # loaded when the option is given
    from contracts.onchain import artifacts  # noqa: PLC0415  # loaded when the option is given
    from ledger.chain.client import Chain  # noqa: PLC0415  # web3 is loaded when the option is given

    path = _free(data)
    chain = Chain.connect(rpc)
    try:
        chain_id = await chain.chain_id()
    finally:
        await chain.close()
    sizes = {name: len(artifacts.load(name).bytecode) for name in artifacts.PROGRAMS}
    account = address.show(keys.load(data / data_folder.KEYS).address)
    return {"dryRun": True, "chainId": str(chain_id), "account": account, "programs": sizes, "file": str(path)}


def _free(data: Path) -> Path:
    """Return where the deployment's document will be; raises Conflict where one is."""
    from connector.runtime import data_folder  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime.errors import Conflict  # noqa: PLC0415  # loaded when the verb runs

    path = data / data_folder.DEPLOYMENT
    if path.exists():
        raise Conflict(f"`{path}` names a deployment already", "agreements refer to it; use another data directory")
    return path


async def put(data: Path, rpc: str) -> dict[str, Any]:
    """Deploy, and write the deployment's document; a deployment that is there already is never replaced."""
    import os  # noqa: PLC0415  # loaded when the verb runs

    import orjson  # noqa: PLC0415  # loaded when the verb runs

    from connector.identity import keys  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime import data_folder, files, settings  # noqa: PLC0415  # loaded when the verb runs
    from contracts import currencies  # noqa: PLC0415  # loaded when the verb runs
    from ledger.chain import deployment  # noqa: PLC0415  # web3 is loaded when the verb runs
    from ledger.chain.client import Chain  # noqa: PLC0415  # web3 is loaded when the verb runs

    path = _free(data)
    key = keys.load(data / data_folder.KEYS).agreement
    currency = settings.load(data, os.environ).space.currency or currencies.FIRST
    chain = Chain.connect(rpc)
    try:
        made = (await deployment.deploy(chain, key, currency=currency)).json()
    finally:
        await chain.close()
    files.write_atomic(path, orjson.dumps(made), mode=0o644)
    return {**made, "file": str(path)}
