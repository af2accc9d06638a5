"""What files are called here: nothing that a shell or a program takes for more than a name, and nothing in silence."""

from __future__ import annotations

import pytest

from connector.runtime.errors import PeerMisbehaved
from connector.runtime.local_names import local_names, renamed
from ledger.edition.index import RESERVED_NAMES
from tests.every import every

RENAMED = {
    ".bashrc": "_.bashrc",
    "-rf": "_-rf",
    "~": "_~",
    "~root/x": "_~root/x",
    ".ssh/authorized_keys": "_.ssh/authorized_keys",
    "a/.git/hooks/-x": "a/_.git/hooks/_-x",
    ".0123456789abcdef.part": "_.0123456789abcdef.part",
    "...x": "_...x",
}
KEPT = ["a.csv", "a-b/c~d.csv", "__init__.py", "data/2013-01.parquet", "\u9762/\u6570.csv"]
REFUSED = [
    "",
    "/etc/passwd",
    "..",
    "a/../b",
    "a//b",
    "./a",
    "a\\b",
    "C:x",
    "a\x00b",
    "a\nb",
    "a\x1b[2Jb",
    "a\u202egpj.exe",
    "a\u2066b",
    "a\u200eb",
    "a\u2028b",
    "a\ud800b",
    "trailing.",
    "trailing ",
    "x" * 256,
    "." + "x" * 254 + "y",
    "/".join(["abc"] * 300),
    *sorted(RESERVED_NAMES),
    "NUL.txt",
    "a/Com1.csv",
]
COLLIDING = [
    ["README", "readme"],
    ["\u00e9.csv", "e\u0301.csv"],
    ["STRASSE", "stra\u00dfe"],
    ["A/x", "a/X"],
    ["a", "a/b"],
    [".a", "_.a"],
    ["-A/x", "_-a/X"],
]


@every(("name", "here"), RENAMED.items(), ids=range(len(RENAMED)))
def test_a_leading_mark_gets_one_before_it_and_is_told(name, here):
    assert local_names([name]) == {name: here}
    assert renamed([name, "other"]) == {name: here}


@pytest.mark.parametrize("name", KEPT, ids=range(len(KEPT)))
def test_an_ordinary_name_stays(name):
    assert local_names([name]) == {name: name}
    assert renamed([name]) == {}


@every("name", REFUSED, ids=range(len(REFUSED)))
def test_what_is_no_harmless_name_is_refused(name):
    with pytest.raises(PeerMisbehaved):
        local_names(["fine", name])


@every("names", COLLIDING, ids=range(len(COLLIDING)))
def test_names_that_are_one_on_some_system_are_refused_together(names):
    with pytest.raises(PeerMisbehaved, match="collides"):
        local_names(names)
