"""`penstock verify` before a stranger: without network or secret it names who is at fault, in all seven findings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from contracts import address
from tests.fault.extent import FINDINGS, drawn
from tests.ledger.dispute import test_verdict as case

ALONE = ("unshare", "--net", "--map-root-user")
PROGRAMS = {"editions": 1, "licences": 2, "channels": 3, "anchors": 4, "token": 5, "batch": 6, "spaces": 7}

pytestmark = pytest.mark.faults


@pytest.fixture
def alone(absent):
    """The beginning of a command that runs in a namespace without any network."""
    if subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode:
        absent("this machine gives no namespace of its own")
    return ALONE


@pytest.mark.parametrize("finding", drawn(case.CASES, 1))
def test_a_stranger_names_who_is_at_fault(tmp_path, alone, finding, record_property):
    addresses = {name: address.show(bytes([number]) * 20) for name, number in PROGRAMS.items()}
    documents = {
        "bundle.json": case.CASES[finding]().json(),
        "deployment.json": {"chainId": "7", "salt": "22" * 32, "addresses": addresses},
    }
    for name, document in documents.items():
        (tmp_path / name).write_text(json.dumps(document))
    command = [sys.executable, "-m", "connector.cli.main", "verify", "bundle.json", "--deployment", "deployment.json"]
    home = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(Path.cwd())}
    said = subprocess.run([*alone, *command, "--json"], capture_output=True, env=home, cwd=tmp_path, check=False)
    verdict = json.loads(said.stdout)
    assert (verdict["finding"], verdict["atFault"]) == (finding.value, case.CONSEQUENCES[finding].at_fault)
    assert said.returncode == (6 if finding is case.Finding.BUYER_LIES else 0)
    record_property(FINDINGS, 1)
