"""Answers of an audit on disk: what is put comes back from folder and file alike, and junk is refused."""

from __future__ import annotations

import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.regulator.folder import AnswerFolder, Bundle, writing_bundle
from connector.runtime.errors import InvalidInput
from tests.fault.extent import tried

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\n\x00", exclude_categories=["Cs"]), min_size=1)


@settings(max_examples=tried(20), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(NAMES, st.binary(), max_size=5))
def test_a_folder_gives_back_what_was_put(tmp_path_factory, answers):
    folder = tmp_path_factory.mktemp("memory")
    AnswerFolder(folder).update(answers)
    assert dict(AnswerFolder(folder)) == answers
    assert len(AnswerFolder(folder)) == len(answers)


def test_an_answer_can_be_replaced_and_removed(tmp_path):
    held = AnswerFolder(tmp_path)
    held["page/a"] = b"1\n2"
    held["page/a"] = b"3"
    assert (held["page/a"], "page/b" in held) == (b"3", False)
    del held["page/a"]
    with pytest.raises(KeyError):
        del held["page/a"]
    with pytest.raises(KeyError):
        held["page/a"]


def test_a_bundle_gives_back_what_was_written_and_nothing_else_is_one(tmp_path, monkeypatch):
    answers = {"space": b"{}", "page/http://localhost:1/log/checkpoint": b"\x00\xff", "identity/did:web:x": b""}
    path = tmp_path / "audit.zip"
    with writing_bundle(path) as kept:
        for name, value in [*answers.items(), ("space", b"said later")]:
            kept[name] = value
    assert dict(Bundle(path)) == answers
    (tmp_path / "junk").write_bytes(b"junk")
    with pytest.raises(InvalidInput, match="no bundle of an audit"):
        Bundle(tmp_path / "junk")
    monkeypatch.setattr("connector.regulator.folder.ANSWER_BYTES_MAX", 1 << 20)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("space", bytes(2 << 20))
    with pytest.raises(InvalidInput, match="more than"):
        Bundle(path)["space"]
