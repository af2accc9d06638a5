"""The embedded chain's state machine: py-evm, one transaction a block, mined when it arrives.

Laws: nothing is mined that was not valid against the newest state; a refused transaction leaves no trace; a block is
committed before its hash is told to anyone. The base fee is zero and stays zero, because no transaction may use more
than half a block's gas. All of it runs on one thread.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import rlp
from eth.constants import ZERO_ADDRESS
from eth.exceptions import BlockNotFound, HeaderNotFound, Revert, VMError
from eth.vm.spoof import SpoofTransaction
from eth_typing import Address, BlockNumber, Hash32
from eth_utils.exceptions import ValidationError

from ledger.embedded.budget import over
from ledger.embedded.errors import InvalidParamsError, OverLimitError, RejectedError, RevertedError
from ledger.embedded.filters import Filters
from ledger.embedded.genesis import BLOCK_GAS_LIMIT, open_chain
from ledger.embedded.index import LogIndex
from ledger.embedded.rules import PARIS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from eth.abc import BlockAPI, BlockHeaderAPI, ComputationAPI, ReceiptAPI, SignedTransactionAPI, StateAPI

    from ledger.embedded.codec import Call
    from ledger.embedded.store import Store

# what a transaction and a body may ask for at all; how long they may take is measured besides (`watch`)
MAX_TRANSACTION_GAS = 15_000_000
MAX_BODY_GAS = 20_000_000
_CALL_STIPEND_GAS = 2_300
# a batch that calls a program that calls another and a precompile
_PLAIN_DEPTH = 4

assert MAX_TRANSACTION_GAS <= BLOCK_GAS_LIMIT // 2, "a fuller block would raise the base fee"


class Engine:
    """The chain of one store; `clock` gives posix seconds, `rules` those of a chain that is founded now."""

    def __init__(self, store: Store, clock: Callable[[], int], rules: str = PARIS) -> None:
        self.store = store
        self.index = LogIndex(store)
        self.filters = Filters()
        self._clock = clock
        # of the body that is answered, and of the bytes that its transactions may write
        self.gas_left = MAX_BODY_GAS
        self.bytes_left: int | None = None
        self.chain = open_chain(store, clock(), rules)

    @property
    def now(self) -> int:
        """The clock's posix seconds."""
        return self._clock()

    def _assert_allowance(self) -> None:
        if self.gas_left <= 0:
            raise OverLimitError(f"the requests of one body may use {MAX_BODY_GAS} gas; ask in pieces")

    # --- blocks ---

    @property
    def chain_id(self) -> int:
        """The random chain id."""
        return self.chain.chain_id

    @property
    def head(self) -> BlockHeaderAPI:
        """The newest block's header."""
        return self.chain.get_canonical_head()

    def header(self, number: int) -> BlockHeaderAPI | None:
        """Return the header of a block number, or None."""
        try:
            return self.chain.get_canonical_block_header_by_number(BlockNumber(number))
        except (HeaderNotFound, BlockNotFound):
            return None

    def header_by_hash(self, block_hash: bytes) -> BlockHeaderAPI | None:
        """Return the header of a block hash, or None."""
        try:
            return self.chain.get_block_header_by_hash(Hash32(block_hash))
        except HeaderNotFound:
            return None

    def block(self, number: int) -> BlockAPI:
        """Return a block that is there."""
        return self.chain.get_canonical_block_by_number(BlockNumber(number))

    def receipts(self, number: int) -> Sequence[ReceiptAPI]:
        """Return the receipts of a block that is there."""
        block = self.block(number)
        return block.get_receipts(self.chain.chaindb)

    def raw_block(self, number: int) -> bytes:
        """Return a block that is there as RLP."""
        return bytes(rlp.encode(self.block(number)))

    def tick(self) -> bool:
        """Mine an empty block if the clock has moved, so that expiry does not stand still; say whether it did."""
        if self._clock() <= self.head.timestamp:
            return False
        self._mine(())
        return True

    # --- transactions ---

    def send(self, raw: bytes) -> bytes:
        """Mine a signed transaction in a block of its own; return its hash. A known one is not mined again."""
        self._assert_allowance()
        transaction = self._decode(raw)
        if not self.index.knows(transaction.hash):
            self._check(transaction)
            self._mine((transaction,))
        return bytes(transaction.hash)

    def examine(self, raw: bytes) -> bytes:
        """Return who signed a transaction, when it could be mined now; raises what `send` would raise."""
        transaction = self._decode(raw)
        if not self.index.knows(transaction.hash):
            self._check(transaction)
            try:
                self.state(self._next_header()).apply_transaction(transaction)
            except ValidationError as error:
                raise RejectedError(f"the chain refuses the transaction: {error}") from error
        return bytes(transaction.sender)

    def _decode(self, raw: bytes) -> SignedTransactionAPI:
        builder = self.chain.get_vm_class(self.head).get_transaction_builder()
        try:
            transaction = builder.decode(raw)
            transaction.validate()
        except Exception as error:  # the decoder raises whatever its depths raise on strangers' bytes
            raise InvalidParamsError(f"not a signed transaction: {error}") from error
        return transaction

    def _check(self, transaction: SignedTransactionAPI) -> None:
        if transaction.chain_id != self.chain_id:
            raise RejectedError(
                f"signed for chain `{transaction.chain_id}`, this is `{self.chain_id}`; sign with EIP-155"
            )
        if transaction.gas > MAX_TRANSACTION_GAS:
            raise RejectedError(f"gas `{transaction.gas}` is over the limit of {MAX_TRANSACTION_GAS}")
        expected = self.state(self.head).get_nonce(transaction.sender)
        if transaction.nonce != expected:
            word = "low" if transaction.nonce < expected else "high"
            raise RejectedError(f"nonce too {word}: `{transaction.nonce}` was given, `{expected}` is next")

    def _mine(self, transactions: tuple[SignedTransactionAPI, ...]) -> None:
        try:
            with self.store.transaction():
                self.chain.header = self._next_header()
                result, receipts, _ = self.chain.mine_all(transactions)
                self.index.add(result.imported_block, receipts)
                self._assert_room()
            self.gas_left -= result.imported_block.header.gas_used
        except BaseException as error:
            # after a failure nothing in memory is trusted; what is on disk is whole
            self.chain = open_chain(self.store, self._clock())
            if isinstance(error, ValidationError):
                raise RejectedError(f"the chain refuses the transaction: {error}") from error
            raise

    def _assert_room(self) -> None:
        if self.bytes_left is not None and self.store.written > self.bytes_left:
            raise OverLimitError(over(self.store.written, self.bytes_left))

    def _next_header(self) -> BlockHeaderAPI:
        head = self.head
        return self.chain.create_header_from_parent(
            head, timestamp=max(head.timestamp, self._clock()), gas_limit=BLOCK_GAS_LIMIT, coinbase=ZERO_ADDRESS
        )

    # --- reading ---

    def state(self, header: BlockHeaderAPI) -> StateAPI:
        """Return the state after the block of `header`."""
        return self.chain.get_vm(header).state

    def call(self, call: Call, header: BlockHeaderAPI) -> bytes:
        """Run a call on the state after `header`'s block and return its output; nothing changes."""
        with self._trial(call, header) as run:
            return bytes(_successful(run(min(call.gas or MAX_TRANSACTION_GAS, MAX_TRANSACTION_GAS))).output)

    def estimate(self, call: Call) -> int:
        """Return a gas limit with which the call succeeds in the next block."""
        with self._trial(call, self._next_header()) as run:
            computation = _successful(run(MAX_TRANSACTION_GAS))
            used = MAX_TRANSACTION_GAS - computation.get_gas_remaining()
            # a caller keeps back a 64th of its gas at each call, so what was used may not be enough to ask for
            depth = _depth(computation)
            wanted: int = used * 64**depth // 63**depth + depth * _CALL_STIPEND_GAS
            # trying it costs as much as the call: programs so shallow need no more than the rule says
            while wanted < MAX_TRANSACTION_GAS and depth > _PLAIN_DEPTH and run(wanted).is_error:
                wanted *= 2
            return min(wanted, MAX_TRANSACTION_GAS)

    @contextmanager
    def _trial(self, call: Call, header: BlockHeaderAPI) -> Iterator[Callable[[int], ComputationAPI]]:
        state = self.state(header)
        vm_class = self.chain.get_vm_class(header)

        def run(gas: int) -> ComputationAPI:
            self._assert_allowance()
            snapshot = state.snapshot()
            unsigned = vm_class.create_unsigned_transaction(
                nonce=state.get_nonce(Address(call.sender)),
                gas_price=0,
                gas=gas,
                to=Address(call.to),
                value=call.value,
                data=call.data,
            )
            unsigned_by_sender: Any = SpoofTransaction(unsigned, from_=call.sender)
            try:
                computation = state.apply_transaction(unsigned_by_sender)
            except ValidationError as error:
                raise RejectedError(f"the call cannot run: {error}") from error
            finally:
                state.revert(snapshot)
            self.gas_left -= gas - computation.get_gas_remaining()
            return computation

        yield run


def _depth(computation: ComputationAPI) -> int:
    """Return how many calls may lie inside each other at the deepest: a precompile done in place is no child."""
    return 1 + max(map(_depth, computation.children), default=1)


def _successful(computation: ComputationAPI) -> ComputationAPI:
    if not computation.is_error:
        return computation
    if isinstance(computation.error, Revert):
        raise RevertedError(computation.output)
    assert isinstance(computation.error, VMError)
    raise RejectedError(f"the program failed: {type(computation.error).__name__}")
