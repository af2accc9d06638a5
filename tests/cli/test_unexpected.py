"""What should not happen to a command is told with its place; what may happen is told in words alone."""

from __future__ import annotations

import pytest
import typer

from connector.cli import speak
from connector.runtime.errors import Failure, InvalidInput, PenstockError

LOOSE = RuntimeError("a loose end")


def ended(fault, capsys):
    with pytest.raises(typer.Exit) as end, speak.ending(as_json=False):
        raise fault
    return end.value.exit_code, capsys.readouterr().err


def test_what_should_not_happen_here_says_where(capsys):
    code, said = ended(LOOSE, capsys)
    assert (code, "test_unexpected.py" in said, "`RuntimeError`" in said) == (1, True, True)
    assert "a loose end" not in said, "what it says may hold data"


def test_what_may_happen_and_what_a_server_told_says_it_in_words(capsys):
    code, said = ended(InvalidInput("no such product", "penstock find"), capsys)
    assert (code, "Traceback" in said) == (2, False)
    told = PenstockError("it failed there")
    told.failure = Failure("unexpected", "something failed", "its log says more", 500, 1, "us")
    code, said = ended(told, capsys)
    assert (code, "Traceback" in said) == (1, False)
