"""Every exception of the project is told with a status, an exit code and whose fault it is."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path

import orjson
import pytest

from connector.runtime import errors
from connector.runtime.errors import Failure, Told, as_reason, explain_failure, failure_from, from_reason
from connector.runtime.fault_table import EXIT_CODES, ROWS
from connector.store.errors import StoreDamaged
from tests.every import every

ROOT = Path(__file__).parents[2]
ROOMS = ("policy", "contracts", "ledger", "catalog", "connector")
# exceptions that never leave the module that raises them
PRIVATE = re.compile(r"^_")


def error_modules():
    """The modules that define exceptions, found by text, so that no heavy library is loaded in vain."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if re.search(r"^class \w+\(.*(Error|Exception|Refused|Unreachable)\b.*\):", path.read_text(), re.MULTILINE):
                yield ".".join(path.relative_to(ROOT).with_suffix("").parts)


def exceptions():
    for name in error_modules():
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:  # a module under construction elsewhere
            pytest.fail(f"{name}: {error}")
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if issubclass(kind, Exception) and kind.__module__ == name and not PRIVATE.match(kind.__name__):
                yield kind


def test_every_row_is_of_a_class_that_exists():
    for name in ROWS:
        module, kind = name.partition("#")[0].rsplit(".", 1)
        assert issubclass(getattr(importlib.import_module(module), kind), BaseException), name


def test_every_exception_of_the_project_has_a_row():
    found = list(exceptions())
    assert len(found) > 20
    for kind in found:
        names = [f"{base.__module__}.{base.__qualname__}" for base in kind.__mro__]
        assert any(name in ROWS for name in names) or kind is Told, f"{kind.__module__}.{kind.__name__} has no row"


def test_rows_use_the_table_of_exit_codes():
    for name, row in ROWS.items():
        assert row.exit_code in EXIT_CODES, name
        assert row.exit_code != 0, name
        assert 400 <= row.status <= 599, name
        assert row.whose in {"caller", "peer", "us", "chain", "disk"}, name


def test_the_tree_in_the_docstring_is_the_tree_in_the_code():
    drawn = set(re.findall(r"[├└]── (\w+)", errors.__doc__))
    coded = {
        name
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.PenstockError) and kind is not errors.PenstockError
    }
    assert drawn == coded


@every(
    ("fault", "status", "exit_code", "code"),
    [
        (errors.TokenError("x"), 401, 2, "token"),
        (errors.Conditional("x"), 403, 10, "conditional"),
        (errors.PeerUnreachable("x"), 503, 7, "peer-unreachable"),
        (errors.PeerRefused("x", 404, b""), 502, 4, "peer-refused"),
        (errors.PeerRefused("x", 500, b"\xff"), 502, 1, "peer-refused"),
        (ConnectionResetError("x"), 503, 7, "peer-unreachable"),
        (TimeoutError(), 503, 7, "peer-unreachable"),
        (OSError(28, "No space left on device"), 507, 74, "disk"),
        (KeyboardInterrupt(), 503, 130, "interrupted"),
    ],
)
def test_faults_are_told(fault, status, exit_code, code):
    failure = explain_failure(fault)
    assert (failure.status, failure.exit_code, failure.code) == (status, exit_code, code)
    assert failure.text


def test_what_the_system_says_of_a_disk_is_told_in_words():
    failure = explain_failure(OSError(28, "No space left on device", "/data/sealed/x"))
    assert failure.text == "this participant's disk failed: no space left on device (`/data/sealed/x`)"
    assert "make room" in failure.hint


def test_a_time_that_ran_out_is_told_in_words():
    assert explain_failure(TimeoutError()).text == "nothing came in time"


def test_damaged_pages_have_a_hint_of_their_own():
    failure = explain_failure(StoreDamaged("database disk image is malformed"))
    assert (failure.exit_code, failure.whose, failure.code) == (74, "disk", "damaged")
    assert "admin restore" in failure.hint
    assert "make room" not in failure.hint


def test_our_own_mistakes_give_nothing_away():
    failure = explain_failure(ValueError("the password is in /home/me/keys"))
    assert (failure.status, failure.exit_code, failure.whose) == (500, 1, "us")
    assert "password" not in failure.text
    assert "ValueError" in failure.text


def test_a_code_of_the_exceptions_own_is_kept():
    from contracts.errors import ContractError

    failure = explain_failure(ContractError("high-s", "the signature is odd", "sign with low s"))
    assert (failure.code, failure.status, failure.hint) == ("high-s", 400, "sign with low s")


def test_a_reason_survives_its_column():
    fault = errors.PaymentRefused("12 is over the cap of 10", "raise --max-price")
    again = from_reason(as_reason(fault))
    assert explain_failure(again) == explain_failure(fault)
    assert str(again) == str(fault)
    assert explain_failure(from_reason("a plain sentence")).exit_code == 3


def test_a_peers_explanation_is_quoted_within_the_table():
    told = explain_failure(errors.NotPermitted("no", "ask")).as_json()
    assert explain_failure(errors.PeerRefused("x", 403, orjson.dumps(told))).exit_code == 3
    for change in ({"exit": 0}, {"exit": 99}, {"exit": True}, {"status": 200}, {"code": 5}, {"more": 1}):
        assert failure_from({**told, **change}) is None
    assert failure_from([]) is None
    assert failure_from(told) == Failure("not-permitted", "no", "ask", 403, 3, "caller")
    assert len(failure_from({**told, "text": "x" * 10**6}).text) <= 1000


# what a peer that speaks the Dataspace Protocol answers besides its status → what is said of it
SAID = [
    (
        {"@type": "CatalogError", "code": "unacceptable", "reason": ["not on offer", "ask later"]},
        "not on offer; ask later",
    ),
    ({"reason": "not on offer"}, "not on offer"),
    ({"reason": ["\x1b[2J", {"@value": "x"}, 5, "not on offer"]}, "not on offer"),
    ({"reason": []}, ""),
    ({"reason": {"en": "no"}}, ""),
    (["reason"], ""),
]


@every("case", SAID)
def test_reasons_of_the_dataspace_protocol_are_quoted(case):
    answer, said = case
    failure = explain_failure(errors.PeerRefused("it refused (400)", 400, orjson.dumps(answer)))
    assert failure.text == (f"it refused (400), saying `{said}`" if said else "it refused (400)")
    assert (failure.code, failure.whose) == ("peer-refused", "peer")


def test_reasons_are_quoted_up_to_a_limit():
    failure = explain_failure(errors.PeerRefused("x", 400, orjson.dumps({"reason": ["y" * 10**6]})))
    assert len(failure.text) == 1000


def test_the_limits_have_units_and_reasons():
    lines = (ROOT / "connector" / "runtime" / "limits.py").read_text().splitlines()
    names = [(number, line.split(" = ")[0]) for number, line in enumerate(lines) if re.match(r"[A-Z_]+ = ", line)]
    assert len(names) > 20
    for number, name in names:
        assert lines[number - 1].startswith("# "), f"{name} has no reason above it"
        assert re.fullmatch(r"[A-Z_]+S(_KNOWN|_KEPT)?(_MAX)?", name), f"{name} does not say what it counts"


def test_a_row_for_a_code_comes_before_that_of_the_class():
    from connector.channel.errors import ChannelFault

    assert explain_failure(ChannelFault("over-cap", "x")).exit_code == 5
    assert explain_failure(ChannelFault("over-cap", "x")).status == 402
    assert explain_failure(ChannelFault("exhausted", "x")).exit_code == 3
