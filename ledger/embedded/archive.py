"""A chain as text, and its proof by doing everything again: what a single operator cannot alter without being seen.

The first line is `{"chainId", "fork", "time"}` (JSON, decimal strings): all that the first block needs. Every further
line is one block in hex, RLP as the Ethereum yellow paper has it, the first block included.

Law: nothing in an archive is believed. Each block is executed on the state before it, and must come out with its own
hash, which holds its parent, its transactions, its receipts and the state after it. It proves that the operator kept
the rules, and nothing of when or for whom a block was made; who holds the hash of a block can tell whether it, or what
was before it, was replaced.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import rlp
from eth.db.atomic import AtomicDB

from ledger.embedded.genesis import found_chain, rules_of
from ledger.embedded.rules import PARIS, RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from eth.abc import BlockAPI, BlockHeaderAPI

    from ledger.embedded.engine import Engine

MAX_LINE_BYTES = 4 * 1_048_576


class ArchiveError(ValueError):
    """An archive cannot be read, or a block in it does not follow from those before; its operator is at fault."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was executed again: the chain's id, how many blocks and transactions, and the newest block."""

    chain_id: int
    blocks: int
    transactions: int
    newest: int
    hash: bytes
    state_root: bytes


def write(engine: Engine) -> Iterator[str]:
    """Yield the lines of an archive of a chain, up to its newest block."""
    first = engine.header(0)
    assert first is not None
    yield head_line(engine.chain_id, first.timestamp, rules_of(engine.store))
    for number in range(engine.head.block_number + 1):
        yield engine.raw_block(number).hex()


def head_line(chain_id: int, time: int, rules: str = PARIS) -> str:
    """Return the first line: the chain's id, the time of its first block (posix seconds), and its rules."""
    return json.dumps(
        {"chainId": str(chain_id), "fork": rules, "time": str(time)}, sort_keys=True, separators=(",", ":")
    )


def check(lines: Iterable[str]) -> Checked:
    """Execute every block of an archive again; raises `ArchiveError` with the block that does not follow."""
    source = iter(lines)
    chain_id, time, rules = _head(next(source, ""))
    chain: Any = found_chain(AtomicDB(), chain_id, time, rules)
    newest, blocks, transactions = chain.get_canonical_head(), 0, 0
    for number, line in enumerate(source):
        block = _block(chain, number, line)
        if number == 0:
            _assert_first(block, newest)
        else:
            newest = _follow(chain, block)
        blocks, transactions = blocks + 1, transactions + len(block.transactions)
    if blocks == 0:
        raise ArchiveError("the archive holds no block")
    return Checked(chain_id, blocks, transactions, newest.block_number, newest.hash, newest.state_root)


def stray_logs(engine: Engine) -> list[int]:
    """Return the blocks whose logs in the index are not those of their receipts."""
    numbers = range(engine.head.block_number + 1)
    return [number for number in numbers if not engine.index.agrees(engine.block(number), engine.receipts(number))]


def _assert_first(block: BlockAPI, founded: BlockHeaderAPI) -> None:
    if block.hash != founded.hash:
        raise ArchiveError("block `0` is not the first block of that chain")


def _follow(chain: Any, block: BlockAPI) -> BlockHeaderAPI:
    if any(transaction.chain_id != chain.chain_id for transaction in block.transactions):
        raise ArchiveError(f"block `{block.number}` holds what was signed for another chain")
    try:
        header: BlockHeaderAPI = chain.import_block(block).imported_block.header
    except Exception as error:  # strangers' bytes are executed: whatever the depths raise, the block does not follow
        raise ArchiveError(f"block `{block.number}` does not follow from those before it: {error}") from error
    if header.hash != block.hash:
        raise ArchiveError(f"block `{block.number}` comes out with another hash")
    return header


def _head(line: str) -> tuple[int, int, str]:
    try:
        head = json.loads(line)
        found = int(head["chainId"]), int(head["time"]), str(head["fork"])
    except (ValueError, KeyError, TypeError) as error:
        raise ArchiveError("the first line does not say chain id, fork and time") from error
    if found[2] not in RULES:
        raise ArchiveError(f"the rules `{found[2][:40]}` are none of this program's: {', '.join(RULES)}")
    return found


def _block(chain: Any, number: int, line: str) -> BlockAPI:
    if len(line) > 2 * MAX_LINE_BYTES:
        raise ArchiveError(f"block `{number}` has more than {MAX_LINE_BYTES} bytes")
    try:
        block: BlockAPI = rlp.decode(bytes.fromhex(line), chain.get_vm().get_block_class())
    except (rlp.exceptions.RLPException, ValueError, TypeError) as error:
        raise ArchiveError(f"line `{number + 2}` is no block: {error}") from error
    if block.number != number:
        raise ArchiveError(f"block `{block.number}` stands where `{number}` should")
    return block
