"""The audited space's chain over JSON-RPC: its recorded events as logs, encoded by the programs' ABI, and its blocks.

`python -m bench.audited.rpc BUNDLE PORT`

It knows the four methods that an audit asks. Fields that the record leaves out, because no check reads them, are zero.
"""

from __future__ import annotations

import sys
import zipfile
from bisect import bisect_left
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web
from eth_abi.abi import encode
from eth_hash.auto import keccak

from bench.certificate import HOST
from contracts.canonical import load
from contracts.onchain import artifacts
from ledger.audit.archive import ANSWER_BYTES_MAX, CHAIN, SPACE, read_events

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ledger.audit.archive import Kept

BLOCK = "block/"
NOTHING = "0x" + bytes(32).hex()
ZEROS = {"address": "0x" + bytes(20).hex(), "bool": False, "string": ""}


class Record:
    """Logs by program's address, in chain order, as JSON; and the blocks that entries cite."""

    def __init__(self, bundle: Path) -> None:
        with zipfile.ZipFile(bundle) as kept:
            deployment = load(kept.read(SPACE), max_bytes=ANSWER_BYTES_MAX)["deployment"]
            events = read_events(kept.read(CHAIN))
            named = [name for name in kept.namelist() if name.startswith(BLOCK)]
            told = {int(name.removeprefix(BLOCK)): load(kept.read(name)) for name in named}
        self.chain_id = hex(int(deployment["chainId"]))
        self.newest = max(event.block for event in events)
        self.blocks = {number: ("0x" + one["hash"], int(one["at"])) for number, one in told.items()}
        programs = {entry["name"]: (name, entry) for name in deployment["addresses"] for entry in _events(name)}
        self._logs: dict[str, list[tuple[int, bytes]]] = {one.lower(): [] for one in deployment["addresses"].values()}
        for event in events:
            name, entry = programs[event.name]
            where = deployment["addresses"][name]
            self._logs[where.lower()].append((event.block, orjson.dumps(_log(event, entry, where))))

    def logs(self, wanted: Mapping[str, Any]) -> bytes:
        """Return the logs of one program in a range of blocks."""
        [program] = wanted["address"]  # as web3 asks
        found = self._logs[program.lower()]
        first, last = (int(wanted[name], 16) for name in ("fromBlock", "toBlock"))
        begin, end = (bisect_left(found, number, key=itemgetter(0)) for number in (first, last + 1))
        return b"[" + b",".join(log for _, log in found[begin:end]) + b"]"

    def block(self, where: str) -> bytes:
        """Return a block by number or `latest`, as far as an audit looks at it."""
        number = self.newest if where == "latest" else int(where, 16)
        digest, at = self.blocks.get(number, (NOTHING, 0))
        said = {"number": hex(number), "hash": digest, "parentHash": NOTHING, "stateRoot": NOTHING}
        return orjson.dumps(said | {"timestamp": hex(at)})


def _events(program: str) -> Sequence[Mapping[str, Any]]:
    return [entry for entry in artifacts.load(program).abi if entry["type"] == "event"]


def _log(event: Kept, entry: Mapping[str, Any], where: str) -> dict[str, Any]:
    inputs = entry["inputs"]
    kinds = [_type(one) for one in inputs]
    values = [_value(one, event.fields.get(one["name"])) for one in inputs]
    of = list(zip(inputs, kinds, values, strict=True))
    topics = [keccak(f"{entry['name']}({','.join(kinds)})".encode())]
    topics += [encode([kind], [value]) for one, kind, value in of if one["indexed"]]
    plain = [(kind, value) for one, kind, value in of if not one["indexed"]]
    data = encode([kind for kind, _ in plain], [value for _, value in plain])
    said = {"address": where, "topics": ["0x" + one.hex() for one in topics], "data": "0x" + data.hex()}
    place = {"blockNumber": hex(event.block), "blockHash": NOTHING, "transactionHash": "0x" + event.transaction.hex()}
    return said | place | {"logIndex": "0x0", "transactionIndex": "0x0", "removed": False}


def _type(one: Mapping[str, Any]) -> str:
    kind: str = one["type"]
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(_type(part) for part in one['components'])}){kind.removeprefix('tuple')}"


def _value(one: Mapping[str, Any], told: Any) -> Any:
    kind: str = one["type"]
    if kind.endswith("]"):
        return [_value({**one, "type": kind[: kind.rindex("[")]}, each) for each in told or ()]
    if kind == "tuple":
        return tuple(_value(part, (told or {}).get(part["name"])) for part in one["components"])
    if told is None:
        return ZEROS.get(kind, b"" if kind.startswith("bytes") else 0)
    return "0x" + told.hex() if kind == "address" else told


def methods(record: Record) -> Mapping[str, Callable[..., bytes]]:
    """Return what is answered, as JSON."""
    return {
        "eth_chainId": lambda: orjson.dumps(record.chain_id),
        "eth_blockNumber": lambda: orjson.dumps(hex(record.newest)),
        "eth_getBlockByNumber": lambda where, _full=False: record.block(where),
        "eth_getLogs": record.logs,
    }


def application(record: Record) -> web.Application:
    """Return the server of one record."""
    known = methods(record)

    async def answer(request: web.Request) -> web.Response:
        asked = orjson.loads(await request.read())
        result = known[asked["method"]](*asked.get("params", ()))
        body = b'{"jsonrpc":"2.0","id":' + orjson.dumps(asked["id"]) + b',"result":' + result + b"}"
        return web.Response(body=body, content_type="application/json")

    async def ready(_request: web.Request) -> web.Response:
        return web.Response(text="ready")

    made = web.Application()
    made.add_routes([web.post("/", answer), web.get("/", ready)])
    return made


if __name__ == "__main__":
    web.run_app(application(Record(Path(sys.argv[1]))), host=HOST, port=int(sys.argv[2]), print=lambda *_: None)
