"""A program's steps, one after the other, as py-evm does them, with the commonest done in place.

Law: (1) every step is the one of `computation.opcodes`: what is done here has its cost, its order (gas first, then the
stack) and its faults, and whatever is not plain (another type on the stack, too few values, memory that grows) is left
to it. (2) Each step counts for the watch of whoever works for somebody else (`ledger.embedded.watch`).

Two thirds of a program's steps move words on the stack; py-evm takes five calls for each of them, and as many for the
gas. Done in place a step takes half the time, and so does everything that a chain of ours computes. A call of one of
the first four precompiles is done in place, too (`precompiled`): a grant has ten, most of them copies.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any
from weakref import ref

from eth.exceptions import Halt, OutOfGas
from eth.vm.code_stream import CodeStream
from eth.vm.logic.invalid import InvalidOpcode
from eth.vm.opcode import _FastOpcode

from ledger.embedded.precompiled import STATICCALL, called
from ledger.embedded.watch import STEPS_UNSEEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from eth.abc import ComputationAPI, OpcodeAPI

    Step = tuple[Callable[[Any], Any], int, str]

STACK_WORDS_MAX = 1023  # before a word is put on it
WORD_BYTES = 32
WORD = 1 << 256
WORD_MAX = WORD - 1
# programs that are laid out once; those of a space are seven. One takes up to 2 MiB, whoever wrote it, and what a chain
# keeps has no more bytes: what makes a program runs once
CODES_KEPT = 16
CODE_BYTES_KEPT = 24_576
STOP, ADD, SUB, LT, GT, EQ, ISZERO, AND, OR, SHL, SHR = 0x00, 0x01, 0x03, 0x10, 0x11, 0x14, 0x15, 0x16, 0x17, 0x1B, 0x1C
POP, MLOAD, MSTORE, JUMP, JUMPI, JUMPDEST = 0x50, 0x51, 0x52, 0x56, 0x57, 0x5B
PUSH1, PUSH32, DUP1, DUP16, SWAP1, SWAP16 = 0x60, 0x7F, 0x80, 0x8F, 0x90, 0x9F
PAIRS = frozenset((ADD, SUB, LT, GT, EQ, AND, OR, SHL, SHR))


def _laid_out(code: bytes) -> tuple[frozenset[int], Mapping[int, int]]:
    """Return the places of a program where a jump may lead, and the number that each of its pushes puts down."""
    places, pushed, at = set[int](), dict[int, int](), 0
    while at < len(code):
        opcode = code[at]
        if opcode == JUMPDEST:
            places.add(at)
        if PUSH1 <= opcode <= PUSH32:
            size = opcode - PUSH1 + 1
            pushed[at] = int.from_bytes(code[at + 1 : at + 1 + size].ljust(size, b"\x00"))
            at += size
        at += 1
    return frozenset(places), pushed


_kept = lru_cache(maxsize=CODES_KEPT)(_laid_out)


class Steps(CodeStream):
    """The program of a computation; who goes through it has run it to its end."""

    __slots__ = ["_computation"]

    def __init__(self, code: bytes, computation: ComputationAPI) -> None:
        super().__init__(code)
        # no circle: a computation ends with whoever made it
        self._computation = ref(computation)

    def __iter__(self) -> Iterator[int]:
        """Run the program; no step is left for upstream's loop."""
        computation = self._computation()
        assert computation is not None, "who runs a program holds it"
        run(computation)
        return iter(())


def run(computation: ComputationAPI) -> None:  # noqa: PLR0912, PLR0915  # a call for each step is what it saves
    """Run a computation's program to its end; raises what py-evm's own loop raises."""
    found: Any = computation
    kind: Any = type(found)
    code, stack, memory = found.code, found._stack.values, found._memory  # noqa: SLF001  # upstream's own loop does
    meter, opcodes = found._gas_meter, found.opcodes  # noqa: SLF001  # as above
    watch, raw, table = meter.watch, code._raw_code_bytes, _table(kind)  # noqa: SLF001  # as above
    end = len(raw)
    places, pushed = _kept(raw) if end <= CODE_BYTES_KEPT else _laid_out(raw)
    # the place in the program and the gas are told to the computation when somebody else looks at it
    place, left, unseen = code.program_counter, meter.gas_remaining, 0
    while True:
        at = place
        opcode = raw[at] if at < end else STOP
        place = at + 1
        step = table[opcode]
        if step is None:
            code.program_counter, meter.gas_remaining = place, left
            if not (opcode == STATICCALL and called(found, stack, memory)) and not _generic(opcodes, opcode, found):
                return
            place, left = code.program_counter, meter.gas_remaining
            continue
        logic, cost, name = step
        if watch is not None:
            unseen += 1
            if unseen == STEPS_UNSEEN:
                unseen = 0
                watch.look()
        if cost > left:
            code.program_counter, meter.gas_remaining = place, left
            raise OutOfGas(f"Out of gas: Needed {cost} - Remaining {left} - Reason: {name}")
        left -= cost
        depth = len(stack)
        if opcode >= PUSH1:
            if opcode <= PUSH32:
                if depth <= STACK_WORDS_MAX:
                    stack.append(pushed[at])
                    place = at + 2 + opcode - PUSH1
                    continue
            elif opcode <= DUP16:
                back = opcode - DUP1 + 1
                if back <= depth <= STACK_WORDS_MAX:
                    stack.append(stack[-back])
                    continue
            elif opcode <= SWAP16:
                back = opcode - SWAP1 + 2
                if back <= depth:
                    stack[-1], stack[-back] = stack[-back], stack[-1]
                    continue
        elif opcode == JUMPDEST:
            continue
        elif opcode == POP:
            if depth:
                stack.pop()
                continue
        elif opcode in (JUMPI, JUMP):
            wanted = 2 if opcode == JUMPI else 1
            if depth >= wanted and type(stack[-1]) is int and type(stack[-wanted]) is int:
                if wanted == 1 or stack[-2]:
                    if stack[-1] in places:
                        place = stack[-1]
                        del stack[-wanted:]
                        continue
                else:
                    del stack[-2:]
                    continue
        elif opcode == ISZERO:
            if depth and type(stack[-1]) is int:
                stack[-1] = 0 if stack[-1] else 1
                continue
        elif opcode == MSTORE:
            held = memory._bytes  # noqa: SLF001  # another one each time that it had to move
            if depth > 1 and type(stack[-1]) is int and type(stack[-2]) is int and stack[-1] + WORD_BYTES <= len(held):
                start = stack.pop()
                held[start : start + WORD_BYTES] = stack.pop().to_bytes(WORD_BYTES)
                continue
        elif opcode == MLOAD:
            held = memory._bytes  # noqa: SLF001  # as above
            if depth and type(stack[-1]) is int and stack[-1] + WORD_BYTES <= len(held):
                stack[-1] = int.from_bytes(held[stack[-1] : stack[-1] + WORD_BYTES])
                continue
        elif opcode in PAIRS and depth > 1 and type(stack[-1]) is int and type(stack[-2]) is int:
            stack.append(_of_two(opcode, stack.pop(), stack.pop()))
            continue
        code.program_counter, meter.gas_remaining = place, left
        try:
            logic(found)
        except Halt:
            return
        place, left = code.program_counter, meter.gas_remaining


def _of_two(opcode: int, first: int, second: int) -> int:
    """Return what a step makes of the word on top and the one below."""
    if opcode == ADD:
        return (first + second) & WORD_MAX
    if opcode == SUB:
        return (first - second) & WORD_MAX
    if opcode == AND:
        return first & second
    if opcode == EQ:
        return int(first == second)
    if opcode == LT:
        return int(first < second)
    if opcode == GT:
        return int(first > second)
    if opcode == OR:
        return first | second
    if first >= WORD.bit_length() - 1:
        return 0
    return second >> first if opcode == SHR else (second << first) & WORD_MAX


def _generic(opcodes: Mapping[int, OpcodeAPI], opcode: int, computation: Any) -> bool:
    """Do a step as upstream's loop does it; return whether the program goes on."""
    step = opcodes.get(opcode) or InvalidOpcode(opcode)
    try:
        step(computation=computation)
    except Halt:
        return False
    return True


@lru_cache(maxsize=8)
def _table(kind: Any) -> tuple[Step | None, ...]:
    """Return logic, cost and name of each step of a kind of computation, None for one that is more than these."""
    steps: list[Step | None] = [None] * 256
    for opcode, step in kind.opcodes.items():
        if type(step) is _FastOpcode:
            steps[opcode] = (step.logic_fn, step.gas_cost, step.mnemonic)
    return tuple(steps)
