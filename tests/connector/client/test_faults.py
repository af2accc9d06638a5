"""What another process explained is raised as its class, and told on as it was told."""

from __future__ import annotations

import orjson
import pytest

from connector.client import faults
from connector.runtime import errors
from connector.runtime.errors import Failure, PeerRefused, Told, explain_failure, from_reason
from connector.runtime.fault_table import ROWS
from tests.every import every


def told(code, exit_code=2, status=400):
    return Failure(code, "it is so", "do this", status, exit_code, "caller")


@every("kind", faults.KINDS, ids=lambda kind: kind.__name__)
def test_a_code_is_its_class(kind):
    row = ROWS[f"connector.runtime.errors.{kind.__name__}"]
    failure = told(row.code, row.exit_code, row.status)
    for fault in (Told(failure), PeerRefused("no", row.status, orjson.dumps(failure.as_json()))):
        fault.request = "trace"
        made = faults.met(fault)
        assert type(made) is kind
        assert (str(made), made.hint, made.request) == ("it is so", "do this", "trace")
        assert explain_failure(made) == failure


@every(
    ("code", "exit_code", "kind"),
    [
        ("over-cap", 5, errors.PaymentRefused),
        ("exhausted", 3, errors.NotPermitted),
        ("unknown-channel", 4, errors.Absent),
        ("listing", 2, errors.InvalidInput),
        ("wrong-preimage", 6, errors.VerificationFailed),
        ("busy", 7, errors.PeerUnreachable),
    ],
)
def test_another_code_is_the_first_class_of_its_exit_code(code, exit_code, kind):
    made = faults.met(Told(told(code, exit_code)))
    assert type(made) is kind
    assert explain_failure(made).code == code


def test_what_nobody_explained_stays():
    for fault in (errors.SettingsError("x"), Told(told("disk", 74, 507)), errors.PeerUnreachable("x")):
        assert faults.met(fault) is fault
        with pytest.raises(type(fault)) as raised, faults.as_met():
            raise fault
        assert raised.value is fault
    assert type(faults.met(from_reason("a plain sentence"))) is errors.NotPermitted
    assert type(faults.met(PeerRefused("no", 404, b"gone"))) is errors.Absent
