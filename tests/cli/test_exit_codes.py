"""The one table of exit codes: every code that a fault can end with is reached by a fault."""

from __future__ import annotations

import json

import pytest
import typer

from connector.cli.speak import answer, fail, finish
from connector.runtime import errors
from connector.runtime.errors import EXIT_CODES
from connector.store.errors import StoreFailed
from contracts.errors import ContractError
from ledger.chain.errors import ChainRefused, ChainUnreachable
from ledger.edition.opening import Code, OpeningError
from ledger.log.merkle import ProofError
from policy.errors import PolicyError

FAULTS = [
    (RuntimeError("secret detail"), 1),
    (errors.InvalidInput("no"), 2),
    (errors.SettingsError("no"), 2),
    (errors.Conflict("no"), 2),
    (PolicyError("missing", "", "no rule"), 2),
    (ContractError("row", "no row"), 2),
    (errors.NotPermitted("no"), 3),
    (errors.Absent("no"), 4),
    (errors.PaymentRefused("no"), 5),
    (ChainRefused("channels: stale voucher"), 5),
    (errors.VerificationFailed("no"), 6),
    (ProofError("no"), 6),
    (OpeningError(Code.KEY, "key-commitment", "no"), 6),
    (errors.PeerUnreachable("no"), 7),
    (errors.ServerAbsent("no"), 7),
    (ConnectionError("no"), 7),
    (errors.OutcomeUnknown("no"), 8),
    (ChainUnreachable("no"), 9),
    (errors.Conditional("no"), 10),
    (StoreFailed("no"), 74),
    (OSError(28, "no space left"), 74),
]


async def failing(fault):
    raise fault


@pytest.mark.parametrize(("fault", "code"), FAULTS, ids=lambda value: type(value).__name__)
def test_a_fault_ends_with_its_code(fault, code, capsys):
    with pytest.raises(typer.Exit) as ended:
        finish(failing(fault), as_json=False)
    assert ended.value.exit_code == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("penstock: ")
    assert "secret detail" not in err


def test_an_interrupted_verb_ends_with_130():
    with pytest.raises(typer.Exit) as ended:
        finish(failing(KeyboardInterrupt()), as_json=False)
    assert ended.value.exit_code == 130


def test_every_code_of_the_table_is_reached():
    assert {code for _, code in FAULTS} | {0, 130} == set(EXIT_CODES)


def test_a_fault_is_one_object_when_json_was_asked_for(capsys):
    with pytest.raises(typer.Exit):
        fail(errors.Absent("there is no `x`", "look elsewhere"), as_json=True)
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert (told["exit"], told["text"], told["hint"]) == (4, "there is no `x`", "look elsewhere")
    assert "look elsewhere" in err


async def some():
    return {"b": 1, "a": 2}


def test_an_answer_is_one_object_or_lines(capsys):
    value = finish(some(), as_json=True)
    answer(value, ["for people"], as_json=True)
    assert capsys.readouterr().out == '{"a":2,"b":1}\n'
    answer(value, ["one", "two"], as_json=False)
    assert capsys.readouterr().out == "one\ntwo\n"


def test_wrong_usage_is_2(penstock):
    assert penstock("find").code == 2
    assert penstock("nothing").code == 2
    assert penstock("policy", "check", "no-such-file").code == 2
