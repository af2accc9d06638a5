"""The one door to a chain, embedded or not: read it, sign for it, send to it (web3 inside).

Laws: signing and sending are two steps, so that a caller makes the signed bytes durable in between and may send them
any number of times; one transaction has one effect. From this door on, addresses are 20 bytes and times are aware,
whatever unit the chain counts in (FISCO BCOS may count milliseconds). Each method may raise `ChainUnreachable` or
`ChainRefused`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from web3 import AsyncWeb3
from web3.exceptions import BlockNotFound, TransactionNotFound
from web3.types import RPCEndpoint

from contracts import address, signature
from contracts.keccak import keccak
from ledger.chain import abi, block_header
from ledger.chain.answered import answered
from ledger.chain.errors import ChainRefused, ChainUnreachable
from ledger.chain.fees import PRICE_MAX_WEI, Fees
from ledger.chain.several import SeveralTransport, transport_to
from ledger.chain.signed import raw_transaction
from ledger.chain.state_proof import StateProof
from ledger.chain.transport import HttpTransport, LocalChain, LocalTransport, Proof
from ledger.stamp import read_time

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from web3.types import BlockIdentifier, FilterParams, LogReceipt

    from contracts.signature import Secret

EVENT_PAGE_BLOCKS = 10_000
RECEIPT_POLL_SECONDS = 0.2
# the state may have grown between the estimate and the block
GAS_MARGIN_PERCENT = 25

T = TypeVar("T")


class Program(NamedTuple):
    """A program on the chain: the name of its artifact and its address (20 bytes)."""

    name: str
    address: bytes


class Act(NamedTuple):
    """A call that changes something, unsigned; a `memo` stands behind its arguments, where no program looks.

    It is sent by the account (20 bytes) that is its `sender`, where one is named, else by whoever brings it.
    """

    program: Program
    function: str
    args: tuple[Any, ...]
    memo: bytes = b""
    sender: bytes = b""


class Signed(NamedTuple):
    """A signed transaction and its hash; the bytes are all that is needed to send it, now or after a restart."""

    raw: bytes
    hash: bytes
    fees: Fees


@dataclass(frozen=True, slots=True)
class Block:
    """A block; `at` is aware, whole seconds."""

    number: int
    hash: bytes
    at: datetime
    state_root: bytes


@dataclass(frozen=True, slots=True)
class Event:
    """A program's event with its decoded fields, and where it stands."""

    name: str
    fields: Mapping[str, Any]
    program: Program
    block: int
    block_hash: bytes
    transaction: bytes
    position: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """A mined transaction; one that did not succeed changed nothing."""

    transaction: bytes
    block: int
    block_hash: bytes
    succeeded: bool
    gas_used: int
    created: bytes | None


class Chain:
    """A connection; make it with `connect` or `local`, and `close` it."""

    def __init__(self, transport: HttpTransport | SeveralTransport | LocalTransport) -> None:
        self._transport = transport
        # web3's own request types add nothing to values that are checked here
        self._eth: Any = AsyncWeb3(transport, middleware=[]).eth
        self._chain_id: int | None = None

    @classmethod
    def connect(cls, url: str, trust: ssl.SSLContext | None = None, proofs: Mapping[str, Proof] | None = None) -> Chain:
        """Return a connection to a JSON-RPC address, or to several with commas between; nothing is sent yet.

        `trust` checks their certificates; `proofs` make the headers that say who asks, for the addresses named there.
        """
        return cls(transport_to(url, trust, proofs or {}))

    @classmethod
    def local(cls, embedded: LocalChain) -> Chain:
        """Return a connection to an embedded chain of this process."""
        return cls(LocalTransport(embedded))

    async def close(self) -> None:
        """Close the connections; an embedded chain stays open."""
        await self._transport.close()

    # --- reading ---

    async def chain_id(self) -> int:
        """Return the chain id (asked once)."""
        if self._chain_id is None:
            self._chain_id = int(await answered(self._eth.chain_id))
        return self._chain_id

    async def confirm_id(self, expected: int, seen: Block | None = None) -> bool:
        """Raise `ChainUnreachable` unless the chain that answers now has this id, and all nodes have one history.

        Return whether it has the block that was `seen`; no other chain can, so that its id need not be asked.
        """
        if isinstance(self._transport, SeveralTransport):
            await self._transport.agree()
        if seen is not None and await self.block(seen.number) == seen:
            return True
        found = int(await answered(self._eth.chain_id))
        if found != expected:
            raise ChainUnreachable(f"chain `{found}` answers instead of `{expected}`; correct the address of the chain")
        return False

    async def newest(self) -> Block:
        """Return the newest block."""
        return _block(await self._latest())

    async def _latest(self) -> Any:
        try:
            return await answered(self._eth.get_block("latest"))
        except BlockNotFound as error:
            raise ChainUnreachable("the node shows no newest block") from error

    async def block(self, where: BlockIdentifier) -> Block | None:
        """Return the block of a number, tag or 32-byte hash, or None."""
        try:
            return _block(await answered(self._eth.get_block(where)))
        except BlockNotFound:
            return None

    async def raw_block(self, number: int) -> bytes:
        """Return a block as RLP, from a node that serves `debug_getRawBlock`."""
        answer = await self._transport.make_request(RPCEndpoint("debug_getRawBlock"), [hex(number)])
        if "result" not in answer:
            raise ChainRefused(str(answer.get("error")))
        return bytes.fromhex(str(answer["result"]).removeprefix("0x"))

    async def nonce(self, account: bytes, at: BlockIdentifier = "pending") -> int:
        """Return the nonce of the account's next transaction, after those that wait, or as it was at a block."""
        return await answered(self._eth.get_transaction_count(_shown(account), at))

    async def fees(self) -> Fees:
        """Return what a transaction must offer now; `ChainUnreachable` in a spike beyond `PRICE_MAX_WEI`."""
        block = await self._latest()
        base = block.get("baseFeePerGas") or 0
        found = Fees.of(base, await answered(self._eth.max_priority_fee) if base else 0)
        if found.price > PRICE_MAX_WEI:
            raise ChainUnreachable(f"gas costs `{found.price}` wei, more than {PRICE_MAX_WEI}; ask again")
        return found

    async def balance(self, account: bytes) -> int:
        """Return an account's native balance, which pays fees where there are fees."""
        return await answered(self._eth.get_balance(_shown(account)))

    async def call(
        self,
        program: Program,
        function: str,
        *args: Any,
        sender: bytes = address.NOBODY,
        at: BlockIdentifier = "latest",
    ) -> Any:
        """Return what a function would, changing nothing; `ChainRefused` with the program's words."""
        result = await self.answer(program.address, abi.encode_call(program.name, function, args), sender, at)
        if not result:
            raise ChainRefused(f"no `{program.name}` program at `{_shown(program.address)}`")
        return abi.decode_result(program.name, function, result)

    async def answer(self, to: bytes, data: bytes, sender: bytes, at: BlockIdentifier = "latest") -> bytes:
        """Return what an account answers to a call, nothing where nobody is; nothing changes."""
        request = {"from": _shown(sender), "to": _shown(to), "data": "0x" + data.hex()}
        return bytes(await answered(self._eth.call(request, at)))

    async def receipt(self, transaction: bytes) -> Receipt | None:
        """Return the receipt of a mined transaction, or None."""
        try:
            found = await answered(self._eth.get_transaction_receipt(transaction))
        except TransactionNotFound:
            return None
        created = found.get("contractAddress")
        return Receipt(
            transaction=transaction,
            block=found["blockNumber"],
            block_hash=bytes(found["blockHash"]),
            succeeded=found["status"] == 1,
            gas_used=found["gasUsed"],
            created=address.read(created) if created else None,
        )

    async def called(self, transaction: bytes) -> bytes | None:
        """Return the bytes that a transaction called with, None for one that the chain does not know."""
        try:
            found = await answered(self._eth.get_transaction("0x" + transaction.hex()))
        except TransactionNotFound:
            return None
        return bytes(found["input"])

    async def events(
        self,
        program: Program,
        event: str | None,
        first: int,
        last: int | None = None,
        **filters: Any,
    ) -> list[Event]:
        """Return a program's events (all kinds if `event` is None) of blocks first to last, in chain order.

        Without `last` up to the newest block, and never beyond; `filters` are values of the event's indexed fields.
        """
        last = (await self.newest()).number if last is None else last
        topics = abi.event_topics(program.name, event, filters) if event else []
        shown = [None if topic is None else "0x" + topic.hex() for topic in topics]
        found: list[Event] = []
        for start in range(first, last + 1, EVENT_PAGE_BLOCKS):
            wanted: FilterParams = {"address": _shown(program.address), "topics": shown}
            logs = await self._logs(wanted, start, min(start + EVENT_PAGE_BLOCKS - 1, last))
            found.extend(filter(None, (_event(program, log) for log in logs)))
        return found

    async def _logs(self, wanted: FilterParams, first: int, last: int) -> Sequence[LogReceipt]:
        """Return the logs of blocks first to last; where a node refuses so many, of each half by itself."""
        try:
            return await answered(self._eth.get_logs({**wanted, "fromBlock": hex(first), "toBlock": hex(last)}))
        except ChainRefused:
            # every node has its own limit and its own words for it; what is refused for another cause is refused again
            if first == last:
                raise
        middle = (first + last) // 2
        return [*await self._logs(wanted, first, middle), *await self._logs(wanted, middle + 1, last)]

    async def proof(self, account: bytes, slots: Sequence[int], block: int) -> StateProof:
        """Return the proof of an account and slots after a block; `verify` it against a state root you trust."""
        # a quantity, as the standard says, is refused by anvil; 32 bytes are taken by all
        keys = [f"0x{slot:064x}" for slot in slots]
        answer = await self._transport.make_request(RPCEndpoint("eth_getProof"), [_shown(account), keys, hex(block)])
        if "result" not in answer:
            raise ChainRefused(str(answer.get("error")))
        return StateProof.from_json(answer["result"])

    async def header(self, number: int) -> bytes:
        """Return a block's header, of which its hash is; `StateProofError` where blocks are hashed in another way."""
        answer = await self._transport.make_request(RPCEndpoint("eth_getBlockByNumber"), [hex(number), False])
        if not answer.get("result"):
            raise ChainRefused(f"there is no block {number}")
        return block_header.encode(answer["result"])

    # --- changing ---

    async def sign_transaction(self, act: Act, *, nonce: int, key: Secret) -> Signed:
        """Return the signed transaction of an act, unsent; `ChainRefused` if the program would refuse it now."""
        return await self.sign_call(act.program.address, call_data(act), nonce=nonce, key=key)

    async def sign_call(
        self, to: bytes, data: bytes, *, nonce: int, key: Secret, instead_of: Fees | None = None, like: int = 0
    ) -> Signed:
        """Return the signed transaction of a call kept as bytes (see `call_data`), unsent.

        `instead_of` is what the one offers that it shall replace; where gas is free, no trial is made of a call `like`
        one that used so much.
        """
        return await self._sign({"to": _shown(to), "data": data}, nonce, key, instead_of, like)

    async def sign_creation(self, program: str, args: Sequence[Any], *, nonce: int, key: Secret) -> Signed:
        """Return the signed transaction that puts a program on the chain, unsent."""
        return await self._sign({"data": abi.encode_creation(program, args)}, nonce, key)

    async def send(self, raw: bytes) -> bytes:
        """Send signed bytes, any number of times; return the transaction's hash. Sent is not mined: see `receipt`."""
        transaction = keccak(raw)
        try:
            await answered(self._eth.send_raw_transaction(raw))
        except ChainRefused:
            # a chain refuses what it has already, each in its own words
            if await self.called(transaction) is None:
                raise
        return transaction

    async def wait(self, transaction: bytes, within_seconds: float) -> Receipt:
        """Return the receipt as soon as there is one; `ChainUnreachable` after the time, outcome unknown."""
        try:
            async with asyncio.timeout(within_seconds):
                while True:
                    if receipt := await self.receipt(transaction):
                        return receipt
                    await asyncio.sleep(RECEIPT_POLL_SECONDS)
        except TimeoutError as error:
            raise ChainUnreachable(f"transaction `{transaction.hex()}` is not mined yet; ask again") from error

    async def _sign(
        self, request: dict[str, Any], nonce: int, key: Secret, instead_of: Fees | None = None, like: int = 0
    ) -> Signed:
        fees = await self.fees()
        trial = request | {"from": _shown(signature.address(key)), "data": "0x" + request["data"].hex()}
        gas = like if like and not fees.price else await answered(self._eth.estimate_gas(trial))
        if instead_of is not None:
            fees = fees.at_least(instead_of.raised())
        whole = {
            **request,
            **fees.fields(),
            "chainId": await self.chain_id(),
            "nonce": nonce,
            "gas": gas + gas * GAS_MARGIN_PERCENT // 100,
            "value": 0,
        }
        # a key that is elsewhere takes its time
        is_here = isinstance(key, bytes)
        raw = raw_transaction(whole, key) if is_here else await asyncio.to_thread(raw_transaction, whole, key)
        return Signed(raw, keccak(raw), fees)


def call_data(act: Act) -> bytes:
    """Return an act as the bytes that a transaction carries: what is kept until it can be signed."""
    return abi.encode_call(act.program.name, act.function, act.args) + act.memo


def _block(found: Any) -> Block:
    return Block(found["number"], bytes(found["hash"]), read_time(found["timestamp"]), bytes(found["stateRoot"]))


def _event(program: Program, log: Mapping[str, Any]) -> Event | None:
    decoded = abi.decode_log(program.name, [bytes(topic) for topic in log["topics"]], bytes(log["data"]))
    if decoded is None:
        return None
    return Event(
        name=decoded[0],
        fields=decoded[1],
        program=program,
        block=log["blockNumber"],
        block_hash=bytes(log["blockHash"]),
        transaction=bytes(log["transactionHash"]),
        position=log["logIndex"],
    )


def _shown(account: bytes) -> Any:
    """Return an address as web3 takes it (its own type of string)."""
    return address.show(account)
