"""A list of one's own that was sent as a text: read as a file is, and refused by its line, without a word of it."""

from __future__ import annotations

import time

import pytest

from connector.consumer import list_lines, own_list
from connector.runtime.errors import InvalidInput
from tests.every import every

SECRET = "OWN-SECRET"


@pytest.mark.parametrize("name", ["mine.csv", "MINE.CSV"])
def test_a_list_that_was_sent_is_read_as_a_file_is(tmp_path, name):
    content = b"\xef\xbb\xbffirm,won\r\nF2, yes\r\n\r\n F1 ,no\r\nF1,no\r\n,no\r\n"
    path = tmp_path / name
    path.write_bytes(content)
    assert own_list.read_sent(name, content, "firm", None) == own_list.read(path, "firm", None) == {"": ["F1", "F2"]}
    assert own_list.read_sent(name, content, "firm", "won") == {"no": ["F1"], "yes": ["F2"]}


def test_lines_of_json_are_read_too():
    lines = b'{"firm": "F1", "at": null}\n\n{"firm": "F2", "at": 1, "won": true}\n{"firm": null, "at": 2.5}\n'
    assert own_list.read_sent("mine.jsonl", lines, "firm", None) == {"": ["F1", "F2"]}
    assert own_list.read_sent("mine.ndjson", b'{"firm": 7}\n{"firm": 8}', "firm", None) == {"": ["7", "8"]}


ODD = [
    ("mine.csv", b"", "the list is empty"),
    ("mine.csv", b"\n\n", "the list is empty"),
    ("mine.csv", f"{SECRET}\nF1\n", "line 1 of the list names no column `firm`"),
    ("mine.csv", f"firm,won\nF1,yes\n\n{SECRET}\n", "line 4 of the list has 1 cells, and the first one 2"),
    ("mine.csv", f"firm,won\n{SECRET},a,b\n", "line 2 of the list has 3 cells"),
    ("mine.csv", f'firm,won\n"{SECRET},a\n', "line 2 of the list cannot be read: a quote"),
    ("mine.csv", f'firm,won\n"{SECRET}"x,a\n', "line 2 of the list cannot be read: a quote"),
    ("mine.csv", b"firm\nF1\nOWN-SECRET\xff\n", "line 3 of the list is no text in UTF-8"),
    ("mine.csv", "firm\n北京\n".encode("gbk"), "line 2 of the list is no text in UTF-8"),
    ("mine.csv", f"firm\n{SECRET}\0\n", "line 2 of the list is no text: it has a zero"),
    ("mine.csv", f"firm\rF1\r{SECRET}", "line 1 of the list cannot be read"),
    ("mine.csv", f"firm,firm\n{SECRET},a\n", "line 1 of the list names two columns alike"),
    ("mine.csv", f"firm,{SECRET * 30}\n", "line 1 of the list names a column in more than 200 characters"),
    ("mine.csv", "firm," * 300, "line 1 of the list makes more than 200 columns"),
    ("mine.csv", f"firm\n{SECRET * 10_000}\n", "line 2 of the list is longer than 64 KiB"),
    ("mine.csv", "firm," + "x" * 100_000, "line 1 of the list is longer than 64 KiB"),
    ("mine.csv", "firm\n" + "1\n" * 500_000, "more than 500000 lines"),
    ("mine.jsonl", b"", "none of the 0 lines has `firm`"),
    ("mine.jsonl", f'{{"firm": "F1"}}\n{SECRET}\n', "line 2 of the list is no JSON"),
    ("mine.jsonl", f'[\n{{"firm": "{SECRET}"}}\n]', "line 1 of the list is no JSON"),
    ("mine.jsonl", "[" * 60_000, "line 1 of the list is no JSON"),
    ("mine.jsonl", f'["{SECRET}"]', "line 1 of the list is no object of cells"),
    ("mine.jsonl", f'{{"firm": ["{SECRET}"]}}', "line 1 of the list is no object of cells"),
    ("mine.jsonl", f'{{"firm": 1}}\n{{"firm": "{SECRET}"}}', "line 2 of the list has a text where lines before"),
    ("mine.jsonl", f'{{"name": "{SECRET}"}}', "none of the 1 lines has `firm`"),
    ("mine.jsonl", f'{{"firm": "{SECRET}", "firm": "F2"}}', "cannot be read as one table"),
    ("mine.jsonl", "\n".join(f'{{"firm": "F1", "c{at}": 1}}' for at in range(300)), "line 200 of the list makes more"),
    ("mine.parquet", b"PAR1", "the list is no text by its name"),
    ("mine", f"firm\n{SECRET}\n", "the list is no text by its name"),
]


@every("name, content, words", ODD)
def test_what_is_no_list_is_refused_by_its_line(name, content, words):
    sent = content.encode() if isinstance(content, str) else content
    with pytest.raises(InvalidInput) as fault:
        own_list.read_sent(name, sent, "firm", None)
    told = f"{fault.value} {fault.value.hint}"
    assert words in told
    assert SECRET not in told, "nothing of a list is in what is said of it"
    assert fault.value.__suppress_context__ or SECRET not in str(fault.value.__cause__ or "")


def test_the_longest_list_is_looked_at_in_a_moment():
    content = b"firm\n" + b"F\n" * (list_lines.LINES_MAX - 1)
    began = time.perf_counter()
    assert own_list.read_sent("mine.csv", content, "firm", None) == {"": ["F"]}
    assert time.perf_counter() - began < 20
