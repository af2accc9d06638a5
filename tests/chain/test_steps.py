"""Steps that are done in place do what py-evm's own loop does: the same gas, output, logs and faults."""

from __future__ import annotations

import random

import pytest
from eth.vm.forks.paris.computation import ParisComputation
from eth.vm.message import Message
from eth.vm.transaction_context import BaseTransactionContext
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import signature
from contracts.onchain.artifacts import PROGRAMS, load
from ledger.embedded import steps
from ledger.embedded.engine import Engine
from ledger.embedded.errors import OverLimitError
from ledger.embedded.rules import WatchedComputation
from ledger.embedded.store import Store
from ledger.embedded.watch import watching
from tests.every import every
from tests.fault.extent import tried

SENDER, HERE = b"\x01" * 20, b"\x02" * 20
LOOP = bytes.fromhex("5b600056")  # JUMPDEST PUSH1 0 JUMP
DONE = [*sorted(steps.PAIRS), steps.POP, steps.MLOAD, steps.MSTORE, steps.JUMP, steps.JUMPI, steps.JUMPDEST]
DONE += [steps.ISZERO, steps.STOP, *range(steps.PUSH1, steps.SWAP16 + 1)]
WORDS = st.sampled_from([0, 1, 2, 3, 5, 31, 32, 33, 64, 255, 256, 257, 1 << 16, 1 << 255, (1 << 256) - 1])


def push(word, size=32):
    return bytes([steps.PUSH1 + size - 1]) + word.to_bytes(size)


@st.composite
def programs(draw):
    """Words, steps done in place, steps that are not, and places to jump to."""
    parts = []
    for _ in range(draw(st.integers(1, 40))):
        match draw(st.integers(0, 5)):
            case 0 | 1:
                parts.append(push(draw(WORDS)))
            case 2:
                parts.append(push(draw(st.integers(0, 80)), 1))
            case 3:
                parts.append(bytes([draw(st.sampled_from(DONE))]))
            case 4:
                parts.append(bytes([draw(st.integers(0, 255))]))
            case 5:
                parts.append(bytes([steps.JUMPDEST]))
    return b"".join(parts)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("steps") / "chain.sqlite")
    yield Engine(store, lambda: 1_800_000_000)
    store.close()


def ran(engine, kind, code, gas=100_000, data=b"\x00\x01" * 40):
    """Run a program, changing nothing; return all that it left."""
    state = engine.state(engine.head)
    context = BaseTransactionContext(origin=SENDER, gas_price=0)
    message = Message(gas=gas, to=HERE, sender=SENDER, value=0, data=data, code=code)
    snapshot = state.snapshot()
    try:
        made = kind.apply_computation(state, message, context)
        words = [word if isinstance(word, int) else int.from_bytes(word) for word in made._stack.values]
        fault = (type(made._error), str(made._error)) if made.is_error else None
        left = made._gas_meter.gas_remaining
        return made.output, left, fault, words, bytes(made._memory._bytes), made.get_raw_log_entries()
    finally:
        state.revert(snapshot)


def same(engine, code, **more):
    assert ran(engine, WatchedComputation, code, **more) == ran(engine, ParisComputation, code, **more)


@settings(max_examples=tried(400), deadline=None)
@given(code=programs())
def test_any_program_does_the_same_as_upstream(engine, code):
    same(engine, code)


@settings(max_examples=tried(100), deadline=None)
@given(code=st.binary(max_size=120), gas=st.integers(0, 400))
def test_any_bytes_with_little_gas_do_the_same_as_upstream(engine, code, gas):
    same(engine, code, gas=gas)


@every("opcode", DONE)
def test_each_step_with_too_few_words_and_too_little_gas(engine, opcode):
    for depth in range(18):
        code = push(1, 1) * depth + bytes([opcode])
        for gas in (3 * depth, 3 * depth + 2, 100_000):
            same(engine, code, gas=gas)
    same(engine, push(1, 1) * 1024 + bytes([opcode]), gas=1_000_000)


@every(
    "first, second",
    [(first, second) for first in (0, 1, 255, 256, 1 << 255, steps.WORD_MAX) for second in (0, 1, 2, steps.WORD_MAX)],
)
def test_each_pair_of_words(engine, first, second):
    for opcode in sorted(steps.PAIRS):
        same(engine, push(second) + push(first) + bytes([opcode]))


@every("code", [
    "6005565b00",  # a jump to no place
    "600456005b00",  # to one
    "60035660" + "5b",  # into what a push puts down
    "60046000576000565b00",  # one that is not taken, then one to the beginning of no place
    "61",  # a push that the program ends in
    "6101",
    "7f",
    "fe",  # no step at all
    "0c",
    "6001600052596000f3",  # memory that grows
    "60ff60005260206000206000526020600020",  # and is looked at
])  # fmt: skip
def test_what_a_program_may_try(engine, code):
    same(engine, bytes.fromhex(code))


SIZES = st.sampled_from([0, 1, 31, 32, 33, 64, 100, 128, 160, 1000])
GAS = st.one_of(st.integers(0, 4000), st.sampled_from([100_000, (1 << 256) - 1]))


@settings(max_examples=tried(300), deadline=None)
@given(
    to=st.integers(0, 6),
    gas=GAS,
    places=st.tuples(SIZES, SIZES, SIZES, SIZES),
    whole=GAS,
    memory=SIZES,
    data=st.binary(),
)
def test_a_call_of_a_precompile_does_the_same_as_upstream(engine, to, gas, places, whole, memory, data):
    """With any gas, from and to any memory, there or not; the next step sees what came back and how long it is."""
    held = push(memory) + bytes.fromhex("60006000") + b"\x37"  # what is called with goes into memory
    asked = b"".join(map(push, places)) + push(to) + push(gas)
    seen = bytes.fromhex("3d60005260206000a0")  # its length is written down and logged
    same(engine, held + asked + b"\xfa" + seen, gas=whole % 200_000, data=data)


def test_a_signer_is_recovered_in_place_as_upstream_does(engine):
    digest, key = bytes(31) + b"\x07", b"\x42" * 32
    made = signature.sign(digest, key)
    asked = digest + bytes(31) + made[64:] + made[:64]
    code = bytes.fromhex("608060006000376020608060806000600161ffff" + "fa")
    assert ran(engine, WatchedComputation, code, data=asked)[4][-20:] == signature.address(key)
    same(engine, code, data=asked)
    for spoiled in (asked[:63] + b"\x1d" + asked[64:], asked[:64] + bytes(32) + asked[96:], asked[:100]):
        same(engine, code, data=spoiled)


@every("name", sorted(PROGRAMS))
def test_programs_of_a_space_answer_anything_alike(engine, name):
    chance, code = random.Random(name), load(name).bytecode
    begun = code + bytes(256)  # what it is made with
    laid_out = ran(engine, WatchedComputation, begun, gas=10_000_000)[0]
    same(engine, begun, gas=10_000_000)
    for size in (0, 3, 4, 36, 68, 400):
        same(engine, laid_out, data=chance.randbytes(size), gas=1_000_000)


def test_what_strangers_run_is_not_kept_for_ever(engine):
    for number in range(2 * steps.CODES_KEPT):
        same(engine, push(number))
    long = bytes(steps.CODE_BYTES_KEPT + 1)
    same(engine, long)
    assert steps._kept.cache_info().currsize <= steps.CODES_KEPT
    before = steps._kept.cache_info().misses
    ran(engine, WatchedComputation, long)
    assert steps._kept.cache_info().misses == before


def test_a_loop_ends_by_gas_and_by_the_watch(engine):
    same(engine, LOOP)
    with watching(0.0), pytest.raises(OverLimitError, match="longer than a caller may ask"):
        ran(engine, WatchedComputation, LOOP, gas=10_000_000)
