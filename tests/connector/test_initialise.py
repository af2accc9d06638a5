"""A participant is made whole, or begun anew: whatever step it was interrupted at."""

from __future__ import annotations

import pytest

from connector.identity import key_file, keys
from connector.operation import initialise as module
from connector.operation.initialise import initialise
from connector.runtime import files, settings
from connector.runtime.data_folder import KEYS, TOKEN_FILE
from connector.runtime.errors import Conflict, SettingsError

STEPS = [(key_file, "write"), (settings, "write_default"), (files, "write_atomic"), (files, "sync_folder")]
MADE = {
    "name": "Tide", "roles": ("buyer",), "region": "CN", "port": 8000, "exchange": "http://localhost:8100",
    "development": True,
}  # fmt: skip


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize(("of", "step"), STEPS)
@pytest.mark.parametrize("at", range(3))
def test_what_was_interrupted_is_begun_anew(tmp_path, monkeypatch, of, step, at):
    done, calls = getattr(of, step), []

    def dying(*args, **more):
        calls.append(args)
        if len(calls) == at + 1:
            raise Killed
        return done(*args, **more)

    with monkeypatch.context() as patched:
        patched.setattr(of, step, dying)
        try:
            initialise(tmp_path, **MADE)
        except Killed:
            assert not (tmp_path / KEYS).exists() or (tmp_path / TOKEN_FILE).exists()
        else:
            assert len(calls) <= at
    if not (tmp_path / KEYS).exists():
        initialise(tmp_path, **MADE)
    keys.load(tmp_path / KEYS)
    assert settings.load(tmp_path, {}).participant.name == "Tide"
    assert (tmp_path / TOKEN_FILE).read_text()
    assert not (tmp_path / module.DRAWN).exists()
    with pytest.raises(Conflict):
        initialise(tmp_path, **MADE)


def test_keys_that_are_there_are_not_made_again(tmp_path):
    keys.create(tmp_path / KEYS)
    before = keys.load(tmp_path / KEYS).log_public
    with pytest.raises(SettingsError, match="holds keys already"):
        initialise(tmp_path, **MADE)
    assert not (tmp_path / settings.FILE_NAME).exists()
    assert keys.load(tmp_path / KEYS).log_public == before
