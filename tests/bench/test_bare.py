"""The bare prototype does the work that it is compared for: real processes, real messages, transitions on the disk."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import orjson
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec

from bench import bare
from bench.pairs import SIDES, prototypes

STATES = [state for state, _, _ in bare.MESSAGES.values()]
URL = "http://127.0.0.1:1"


def rows(path, query):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


async def test_two_processes_negotiate(tmp_path):
    async with prototypes(tmp_path) as pair:
        seconds, times = await pair.negotiate(1, 1)
        assert 0 < times[0] <= 1000 * seconds
        kept = {}
        for side in SIDES:
            path = tmp_path / side / "bare.sqlite"
            events = rows(path, "SELECT pid, state FROM events ORDER BY number")
            assert [state for _, state in events] == STATES
            kept[side] = rows(path, "SELECT pid, state, body FROM processes")
            assert [row[:2] for row in kept[side]] == events[-1:]
        assert kept["provider"] == kept["buyer"], "the last message is what both keep"

        _, times = await pair.negotiate(20, 10)
        assert len(times) == 20
        assert rows(path, "SELECT state, count(*) FROM events GROUP BY state ORDER BY min(number)") == [
            (state, 21) for state in STATES
        ]
        assert pair.cpu_seconds() > 0
        assert min(pair.peak_bytes().values()) > 2**20


def test_a_token_is_verified():
    ours, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    token = bare.issue(ours, "http://127.0.0.1:2", URL)
    claims = bare.claims_of(token)
    bare.verify(token, claims, ours.public_key(), URL)
    with pytest.raises(InvalidSignature):
        bare.verify(token, claims, other.public_key(), URL)
    with pytest.raises(AssertionError):
        bare.verify(token, claims, ours.public_key(), "http://127.0.0.1:3")
    assert bare.issue(ours, "http://127.0.0.1:2", URL) != token


@pytest.mark.parametrize("message", bare.MESSAGES)
def test_a_body_is_as_long_as_the_connector_s(message):
    size = bare.MESSAGES[message][2]
    body = bare.body_of(message, "urn:uuid:031f9b9e-efba-43da-98bc-aa3adc0d1b04", URL)
    assert size - 100 < len(body) <= size
    assert orjson.loads(body)["@type"] == message
