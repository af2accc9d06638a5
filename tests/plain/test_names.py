"""The names in a provider's list of plain files: what cannot lie in one folder is refused before a byte is asked."""

from __future__ import annotations

import pytest

from connector.consumer import copying
from connector.runtime.errors import Conflict, PeerMisbehaved
from tests.every import every


def listed(*names):
    return {"files": [{"path": name, "bytes": "1"} for name in names], "blake3": "00" * 32}


@every("names", [("../x",), ("a\n",), ("NUL",), ("A", "a"), (".a", "_.a"), ("a\u202eb",)])
def test_names_that_cannot_lie_here_are_the_provider_s_fault(names):
    with pytest.raises(PeerMisbehaved):
        copying._read(listed(*names))


def test_a_copy_is_handed_out_under_names_of_here_and_over_nothing(tmp_path):
    kept, to = tmp_path / "kept", tmp_path / "to"
    kept.mkdir()
    to.mkdir()
    (kept / "_.bashrc").write_bytes(b"evil")
    (to / ".bashrc").write_bytes(b"mine")
    assert copying.hand_out(kept, [".bashrc"], to) == [str(to / "_.bashrc")]
    assert {path.name: path.read_bytes() for path in to.iterdir()} == {".bashrc": b"mine", "_.bashrc": b"evil"}
    (to / "_.bashrc").write_bytes(b"mine")
    with pytest.raises(Conflict, match="is there already"):
        copying.hand_out(kept, [".bashrc"], to)
    copying.hand_out(kept, [".bashrc"], to, overwrite=True)
    assert (to / "_.bashrc").read_bytes() == b"evil"
