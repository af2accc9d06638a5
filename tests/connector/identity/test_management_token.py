"""The owner's token: the one of the file, whoever drew it, and no other."""

from __future__ import annotations

import os

import pytest

from connector.identity.management_token import ManagementToken
from connector.runtime.data_folder import TOKEN_FILE
from connector.runtime.errors import Unproven


@pytest.fixture
def token(tmp_path):
    (tmp_path / TOKEN_FILE).write_text("first\n")
    return ManagementToken(tmp_path)


def refused(token, header):
    with pytest.raises(Unproven):
        token.check(header)


def test_the_token_of_the_file_alone_is_the_owner_s(token):
    token.check("Bearer first")
    for header in ("", "first", "Bearer ", "Bearer first ", "bearer first", "Bearer second", "Bearer f\udce9"):
        refused(token, header)


def test_a_drawn_token_takes_the_place_of_the_one_before(token, tmp_path):
    before = token.digest
    token.draw()
    refused(token, "Bearer first")
    token.check("Bearer " + (tmp_path / TOKEN_FILE).read_text())
    assert token.digest != before
    assert (tmp_path / TOKEN_FILE).stat().st_mode & 0o777 == 0o600


def test_what_another_process_drew_counts_from_its_first_use(token, tmp_path):
    (tmp_path / TOKEN_FILE).write_text("second")
    os.utime(tmp_path / TOKEN_FILE, ns=(1, 1))
    token.check("Bearer second")
    refused(token, "Bearer first")


def test_without_the_file_what_was_read_counts(token, tmp_path):
    (tmp_path / TOKEN_FILE).unlink()
    token.check("Bearer first")
    refused(token, "Bearer second")
