"""The bucket tests against a real S3 server: s3s-fs, built by cargo from its package, on this machine.

`python -m tests.custody.real_s3` builds it once, beside the environment; the last line is `N passed, M failed`, the
exit code is 0 only when something passed and nothing failed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.custody.served import PROGRAM

VERSION = "0.14.1"
BUILT = Path(sys.prefix) / "s3s-fs"


class Count:
    """Counts what came of the tests."""

    def __init__(self) -> None:
        self.passed = self.failed = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.passed += report.when == "call" and report.passed
        self.failed += report.failed or report.skipped


def main() -> int:
    program = os.environ.get(PROGRAM) or shutil.which("s3s-fs") or str(BUILT / "bin" / "s3s-fs")
    if not Path(program).exists():
        package = ["s3s-fs", "--version", VERSION, "--features", "binary", "--locked"]
        subprocess.run(["cargo", "install", *package, "--root", str(BUILT)], check=True)
    os.environ[PROGRAM] = program
    count = Count()
    pytest.main(["-q", str(Path(__file__).with_name("test_buckets.py"))], plugins=[count])
    sys.stdout.write(f"{count.passed} passed, {count.failed} failed\n")
    return 0 if count.passed and not count.failed else 1


if __name__ == "__main__":
    sys.exit(main())
