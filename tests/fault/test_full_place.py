"""A place that somebody names to write to: a disk that is full or failed is no mistake of theirs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.fault.injection import STRACE, permitted

LOOK = """
import sys
from pathlib import Path
from connector.consumer.mandate import refuse_unwritable
from connector.runtime.errors import explain_failure
try:
    refuse_unwritable(Path(sys.argv[1]))
except Exception as fault:
    told = explain_failure(fault)
    print(told.exit_code, told.whose)
"""


@pytest.mark.parametrize(("error", "told"), [("EIO", "74 disk"), ("EACCES", "2 caller")])
def test_whose_fault_it_is(tmp_path, absent, error, told):
    if not permitted():
        absent("nobody may trace a process here, so F1 to F3 cannot run")
    place = tmp_path / "here"
    traced = [STRACE, "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null"]
    traced += ["-e", "trace=mkdir", "-e", f"inject=mkdir:error={error}"]
    said = subprocess.run([*traced, sys.executable, "-c", LOOK, str(place)], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == told
