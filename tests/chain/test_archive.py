"""A chain as text is checked by doing everything again: what was altered anywhere does not follow."""

from __future__ import annotations

import json
import random

import pytest

from ledger.chain import acts
from ledger.embedded import archive
from ledger.embedded.archive import ArchiveError

from .conftest import HOST, KEY

CHAIN_MINTS = 6


@pytest.fixture
async def lines(embedded, programs, clock):
    for amount in range(1, CHAIN_MINTS):
        await programs.perform(acts.mint(programs.deployment, HOST, amount), KEY)
        clock.move(30)
    await embedded.tick()
    return await embedded._on_worker(lambda: list(archive.write(embedded._engine)))


async def test_an_archive_is_the_chain(lines, embedded, programs):
    found = archive.check(lines)
    newest = await programs.chain.newest()
    assert (found.chain_id, found.newest, found.hash) == (embedded.chain_id, newest.number, newest.hash)
    assert (found.state_root, found.blocks) == (newest.state_root, newest.number + 1)
    assert found.transactions == newest.number - 1, "one a block, but for the first and the tick's"
    assert await embedded._on_worker(lambda: archive.stray_logs(embedded._engine)) == []


async def test_a_running_chain_gives_the_same_lines(lines, programs):
    chain = programs.chain
    raw = [(await chain.raw_block(number)).hex() for number in range((await chain.newest()).number + 1)]
    first = await chain.block(0)
    assert [archive.head_line(await chain.chain_id(), int(first.at.timestamp())), *raw] == lines


async def test_a_flipped_bit_anywhere_is_seen(lines):
    """Of the newest block alone, to which none refers, another lawful one can be made: it has another hash."""
    drawn = random.Random(9)
    right = archive.check(lines).hash
    for number in range(1, len(lines)):
        raw = bytearray.fromhex(lines[number])
        raw[drawn.randrange(len(raw))] ^= 1 << drawn.randrange(8)
        try:
            found = archive.check([*lines[:number], raw.hex(), *lines[number + 1 :]])
        except ArchiveError:
            continue
        assert number == len(lines) - 1
        assert found.hash != right


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda lines: [], "first line"),
        (lambda lines: ["{}"], "first line"),
        (lambda lines: lines[:1], "no block"),
        (lambda lines: [*lines[:4], *lines[5:]], "where"),
        (lambda lines: [*lines[:3], lines[2], *lines[3:]], "where"),
        (lambda lines: [*lines, "zz"], "is no block"),
        (lambda lines: [*lines, "00" * (archive.MAX_LINE_BYTES + 1)], "more than"),
        (lambda lines: [_head(lines, time="1"), *lines[1:]], "not the first block"),
        (lambda lines: [_head(lines, chainId="7"), *lines[1:]], "for another chain"),
        (lambda lines: [_head(lines, fork="prague"), *lines[1:]], "the rules"),
    ],
)
async def test_what_is_no_archive_of_this_chain_is_refused(lines, spoil, words):
    with pytest.raises(ArchiveError, match=words):
        archive.check(spoil(lines))


def _head(lines, **changes):
    return json.dumps(json.loads(lines[0]) | changes)


async def test_a_row_of_the_index_that_no_receipt_has_is_seen(lines, embedded):
    def forge():
        engine = embedded._engine
        engine.store.connection.execute("UPDATE logs SET data = ? WHERE block = 9", (bytes(32),))
        return archive.stray_logs(engine)

    assert await embedded._on_worker(forge) == [9]
