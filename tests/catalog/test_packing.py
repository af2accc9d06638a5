"""What is billed beside the files, in words; and how many are in packs, which is a stranger's word."""

from __future__ import annotations

import pytest

from catalog.dataset import Dataset, dataset_from_json, dataset_json, distributions_of
from catalog.errors import CatalogError
from catalog.packing import Billed, Packing, packing_from_json, size, words
from catalog.profile import FileProfile
from tests.every import every

PACKING = Packing(3, 2_000, 269_349)
FILES = tuple(FileProfile(f"{n}.csv", "text/csv", 1) for n in range(2))


def test_a_dataset_says_how_it_is_packed_and_one_that_is_not_is_as_it_was():
    plain = Dataset("d", "D", "", (), FILES, distributions_of("kept"), 1)
    assert "packing" not in dataset_json(plain)
    packed = dataset_from_json(dataset_json(plain) | {"packing": PACKING.json()})
    assert packed.packing == PACKING
    assert dataset_from_json(dataset_json(packed)) == packed


WRONG = [
    5,
    {},
    PACKING.json() | {"more": 1},
    PACKING.json() | {"packs": 0},
    PACKING.json() | {"packs": True},
    PACKING.json() | {"files": "2"},
    PACKING.json() | {"files": 10**9},
    PACKING.json() | {"instead": 5},
    PACKING.json() | {"instead": "-5"},
    PACKING.json() | {"instead": "9" * 50},
]


@every("document", WRONG)
def test_what_is_no_packing_is_refused(document):
    with pytest.raises(CatalogError):
        packing_from_json(document, "packing")


SAID = [
    (
        Billed(15_932, 317, 38_890, Packing(1, 2_000, 269_349)),
        "2,000 small files in 1 pack: 16 kB billed instead of 269 kB (16 kB of data, 317 B of the list of files)",
        "2,000 个小文件合为 1 个归档:计费 16 kB,而非 269 kB(数据 16 kB,文件清单 317 B)",
    ),
    (
        Billed(15_932, 9_317, 99_890, PACKING),
        "2,000 small files in 3 packs: 25 kB billed instead of 269 kB (16 kB of data, 9.3 kB of the list of files)",
        "2,000 个小文件合为 3 个归档:计费 25 kB,而非 269 kB(数据 16 kB,文件清单 9.3 kB)",
    ),
    (
        Billed(1_000, 300, 1_000),
        "1.3 kB billed: 1.0 kB of files, 300 B of the list of files",
        "计费 1.3 kB:文件 1.0 kB,文件清单 300 B",
    ),
    (
        Billed(1_000, 300, None),
        "1.3 kB billed: 1.0 kB of data, 300 B of the list of files",
        "计费 1.3 kB:数据 1.0 kB,文件清单 300 B",
    ),
    (Billed(1_000, 0, 1_000), "1.0 kB billed: the files alone", "计费 1.0 kB:仅文件本身"),
]


@every("billed, english, chinese", SAID)
def test_what_is_billed_in_words(billed, english, chinese):
    assert words(billed, "en", by_bytes=True) == english
    assert words(billed, "zh", by_bytes=True) == chinese
    told = billed.json(by_bytes=True)
    assert told["words"] == {"en": english, "zh": chinese}
    assert int(told["bytes"]) == int(told["data"]) + int(told["list"])
    assert "delivered" in words(billed, "en", by_bytes=False)
    assert "交付" in words(billed, "zh", by_bytes=False)


def test_what_is_only_asked_about_is_not_said_to_be_delivered():
    told = words(Billed(31_819, 0, 31_819, stays=True), "en", by_bytes=False)
    assert told == "32 kB, which stay with their provider: nothing is delivered"
    assert words(Billed(31_819, 0, 31_819, stays=True), "zh", by_bytes=False) == "32 kB,留在提供方处,不交付"


SIZES = [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (9_949, "9.9 kB"), (10_000, "10 kB"), (2_500_000, "2.5 MB")]


@every("count, told", SIZES)
def test_sizes_as_people_say_them(count, told):
    assert size(count) == told
