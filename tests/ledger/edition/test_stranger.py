"""The vector of specification section 9, opened by a program that was written from the specification's text alone.

Attacked as well: what a key file, a sealed file or a window says wrong is refused with the code of spec 1.9.
"""

from __future__ import annotations

import ast
import base64
import copy
import json
import sys
from pathlib import Path

import pytest

from connector.channel import box
from docs.generate import sealed_edition
from ledger.edition import header as edition
from ledger.edition import index
from ledger.edition.opening import open_piece
from tests.stranger import opener

ROOT = Path(__file__).resolve().parents[3]
TEXTS = {name: (ROOT / f"docs/specification/{name}.json").read_text() for name in ("edition", "edition-sm4")}
THIRD_PARTY = {"blake3", "cryptography"}


@pytest.fixture(params=TEXTS)
def vector(request):
    return json.loads(TEXTS[request.param])


def files(vector):
    return {one["name"]: base64.b64decode(one["content"]) for one in vector["files"]}


def disk(vector):
    return bytearray(base64.b64decode(vector["disk"]))


def test_the_opener_imports_nothing_of_ours():
    tree = ast.parse(Path(opener.__file__).read_text(encoding="utf-8"))
    named = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    named |= {one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names}
    assert {name.split(".")[0] for name in named} - sys.stdlib_module_names == THIRD_PARTY


def test_a_key_file_and_the_file_on_disk_give_every_byte(vector):
    assert opener.open_key_file(vector["keyFile"], disk(vector)) == files(vector)


def test_a_window_and_what_is_on_the_wire_give_every_byte(vector):
    made = opener.Edition(bytes.fromhex(vector["editionId"]), vector["header"], bytes.fromhex(vector["rows"]))
    found = opener.open_window(vector["window"])
    secrets = {row: secret for (named, row), secret in found.items() if named == vector["editionId"]}
    assert [secrets[row].hex() for row in range(len(made.rows))] == vector["secrets"]
    pieces = made.cut(base64.b64decode(vector["wire"]), made.on_wire())
    assert made.open_files(secrets, pieces) == files(vector)


def test_our_own_parts_open_it_alike(vector):
    header, table = edition.agreed(bytes.fromhex(vector["editionId"]), vector["header"], bytes.fromhex(vector["rows"]))
    data = base64.b64decode(vector["wire"])
    plain = [
        open_piece(row, bytes.fromhex(secret), data[table.offset(n) : table.offset(n + 1)])
        for n, (row, secret) in enumerate(zip(table, vector["secrets"], strict=True))
    ]
    assert index.read_index(plain[0], table).json() == vector["index"]
    assert b"".join(plain[1:]) == b"".join(files(vector).values())
    window, [(public, sealed)] = vector["window"], vector["window"]["sealedKeys"].items()
    reader = sealed_edition.X25519PrivateKey.from_private_bytes(bytes.fromhex(window["readerSecretKey"]))
    assert reader.public_key().public_bytes_raw().hex() == public
    masked = box.unseal(base64.b64decode(sealed), reader, bytes.fromhex(window["channelId"]), int(window["seq"]))
    assert masked.hex() == window["masked"]
    assert header.rows == len(vector["secrets"])


def test_the_vector_has_what_a_reader_can_get_wrong(vector):
    """Gaps on disk and padding in a piece, an empty file, a file of two pieces, a window that is not in row order."""
    made = opener.Edition(bytes.fromhex(vector["editionId"]), vector["header"], bytes.fromhex(vector["rows"]))
    assert made.on_disk()[1:-1] != made.on_wire()[1:]
    assert made.sealed != made.plain
    assert sorted(int(one["rows"][1]) for one in vector["index"]["files"]) == [0, 1, 2]
    rows = [row for order in vector["window"]["orders"] for first, count in order["ranges"] for row in range(count)]
    assert len(rows) == len(made.rows)
    assert [order["ranges"][0][0] for order in vector["window"]["orders"]] == [0, 1]
    assert any(count > 1 or len(o["ranges"]) > 1 for o in vector["window"]["orders"] for _, count in o["ranges"])


def refused(document, data):
    with pytest.raises(opener.Refused) as said:
        opener.open_key_file(document, data)
    return str(said.value).split(":")[0]


def test_a_damaged_piece_is_bytes_and_a_gap_is_nothing(vector):
    data = disk(vector)
    data[4095] ^= 1  # behind the index
    assert opener.open_key_file(vector["keyFile"], data) == files(vector)
    data[4096] ^= 1
    assert refused(vector["keyFile"], data) == "bytes"


def test_a_secret_of_another_row_is_key(vector):
    document = copy.deepcopy(vector["keyFile"])
    first, second = document["secrets"][1:3]
    first["secret"], second["secret"] = second["secret"], first["secret"]
    assert refused(document, disk(vector)) == "key"


@pytest.mark.parametrize("member", ["root", "tableDigest", "sealedBytes", "series", "sealedAt"])
def test_a_header_of_another_edition_is_refused(vector, member):
    document = copy.deepcopy(vector["keyFile"])
    document["header"][member] = document["header"][member][:-1] + "1"
    assert refused(document, disk(vector)) == "edition"


def test_rows_of_another_edition_are_refused(vector):
    document = copy.deepcopy(vector["keyFile"])
    document["rows"] = document["rows"][:-2] + "00"
    assert refused(document, disk(vector)) == "edition"


def test_a_contract_for_some_rows_leaves_zeros(vector):
    document = copy.deepcopy(vector["keyFile"])
    gone = document["secrets"].pop(1)
    wanted, opened = files(vector), opener.open_key_file(document, disk(vector))
    length = int.from_bytes(bytes.fromhex(document["rows"])[152 * int(gone["row"]) + 28 :][:4])
    name = next(iter(wanted))
    assert opened.pop(name) == bytes(length) + wanted.pop(name)[length:]
    assert opened == wanted
