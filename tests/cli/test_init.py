"""A participant that is made with a key of SM2, and one that is not."""

from __future__ import annotations

import stat

import pytest

from tests.api.command import commanded

MADE = ("init", "--role", "provider", "--region", "CN-GD", "--development")


@pytest.mark.asyncio
async def test_a_suite_draws_its_key_and_an_unknown_one_makes_nothing(tmp_path):
    for words, there in (((), False), (("--suite", "international"), False), (("--suite", "sm"), True)):
        data = tmp_path / f"made{len(words)}{there}"
        assert (await commanded(*MADE, *words, "--data", data)).code == 0
        key = data / "keys" / "sm2.key"
        assert key.exists() is there
        assert not there or stat.S_IMODE(key.stat().st_mode) == 0o600
    said = await commanded(*MADE, "--suite", "gm", "--data", tmp_path / "none")
    assert said.code == 2
    assert b"one of international, sm" in said.err
    assert not (tmp_path / "none").exists()
