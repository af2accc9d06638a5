"""The recorded chain of the audited space answers as a node would: what is encoded is what our own reader decodes."""

from __future__ import annotations

import zipfile

import orjson
import pytest

from bench.audited.rpc import Record
from contracts import address
from contracts.canonical import canonical
from contracts.onchain.artifacts import PROGRAMS
from ledger.audit.archive import Kept, write_events
from ledger.chain import abi

WHERE = {name: address.show(bytes([at]) * 20) for at, name in enumerate(PROGRAMS, 1)}
KEYS = {"logKey": b"\x01" * 32, "deliveryKey": b"\x02" * 32, "aggregateKey": b"\x03" * 48}
TOLD = {
    "EditionRegistered": ("editions", {"editionId": b"\x04" * 32, "provider": b"\x05" * 20, "series": b"\x06" * 32}),
    "LogRegistered": ("anchors", {"origin": b"\x07" * 32, "witnesses": [b"\x08" * 20, b"\x09" * 20], "quorum": 2}),
    "MemberAdmitted": ("spaces", {"space": b"\x0a" * 32, "member": b"\x0b" * 20, "role": 2, "keys": KEYS}),
}


@pytest.fixture
def record(tmp_path):
    events = [Kept(name, fields, at, bytes([at]) * 32) for at, (name, (_, fields)) in enumerate(TOLD.items(), 1)]
    space = {"deployment": {"chainId": "77", "addresses": WHERE}}
    with zipfile.ZipFile(tmp_path / "space.zip", "w") as bundle:
        bundle.writestr("space", canonical(space))
        bundle.writestr("chain", write_events(events))
        bundle.writestr("block/3", canonical({"hash": "0c" * 32, "at": "1700000000"}))
    return Record(tmp_path / "space.zip")


def asked(record, program, first, last):
    page = {"fromBlock": hex(first), "toBlock": hex(last), "address": [WHERE[program]], "topics": []}
    return orjson.loads(record.logs(page))


@pytest.mark.parametrize("name", TOLD)
def test_a_recorded_event_is_decoded_to_what_was_recorded(record, name):
    program, fields = TOLD[name]
    [log] = asked(record, program, 0, record.newest)
    topics = [bytes.fromhex(one[2:]) for one in log["topics"]]
    found, decoded = abi.decode_log(program, topics, bytes.fromhex(log["data"][2:]))
    assert found == name
    assert {one: decoded[one] for one in fields} == {
        one: tuple(value) if isinstance(value, list) else value for one, value in fields.items()
    }


def test_only_the_blocks_that_were_asked_for_are_told(record):
    assert asked(record, "anchors", 2, 2)
    assert not asked(record, "anchors", 0, 1)
    assert not asked(record, "anchors", 3, 9)
    block = orjson.loads(record.block("latest"))
    assert (block["number"], block["hash"], block["timestamp"]) == ("0x3", "0x" + "0c" * 32, hex(1_700_000_000))
