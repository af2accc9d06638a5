"""The committed artifacts are what the sources compile to, and what they promise to be."""

from __future__ import annotations

import json

import pytest

from contracts.onchain.artifacts import FOLDER, PROGRAMS, load
from contracts.onchain.compile import compile_all
from ledger.chain.deployment import creation
from ledger.chain.errors import ChainRefused
from tests.every import every

MAX_CODE_BYTES = 24_576


@pytest.fixture(scope="module")
def compiled():
    return compile_all()


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_committed_artifact_is_what_the_source_gives(compiled, program):
    assert (FOLDER / f"{program}.json").read_text("utf-8") == compiled[program]


@every("program", PROGRAMS)
def test_a_program_fits_every_chain(program):
    document = json.loads((FOLDER / f"{program}.json").read_text("utf-8"))
    assert document["evmVersion"] == "paris"
    assert document["compiler"].startswith("vyper 0.4.3")
    assert len(load(program).bytecode) < MAX_CODE_BYTES


@every("program", PROGRAMS)
def test_no_program_takes_native_value(program):
    assert not [each for each in load(program).abi if each.get("stateMutability") == "payable"]


@pytest.mark.parametrize("program", PROGRAMS)
async def test_no_program_begins_without_a_salt(stage, program):
    key = stage.key("issuer")
    nonce = await stage.chain.nonce(stage.account("issuer"))
    with pytest.raises(ChainRefused, match="typed: empty salt"):
        await stage.chain.sign_creation(program, creation(program, bytes(32)), nonce=nonce, key=key)
