"""The units for systemd, judged by its own tools: they are sound, and may do little. No unit is started."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from connector.cli.serve import CLOSE_SECONDS, DRAIN_SECONDS
from connector.runtime import settings
from connector.runtime.fault_table import EXIT_CODES

UNITS = Path(__file__).resolve().parents[2] / "docker/systemd"
SERVE = (UNITS / "penstock@.service").read_text()
# of ten, as `systemd-analyze security` counts; 2.0 is what it calls OK
EXPOSURE_TENTHS_MAX = 20


@pytest.fixture
def laid(tmp_path, absent):
    """The units as instances of `x`, with a program that is there on every machine."""
    if shutil.which("systemd-analyze") is None:
        absent("systemd-analyze is not here", optional=True)
    for path in UNITS.iterdir():
        text = path.read_text().replace("/opt/penstock/bin/penstock", "/bin/true")
        (tmp_path / path.name.replace("@.", "@x.")).write_text(text)
    return tmp_path


def analysed(*arguments):
    return subprocess.run(["systemd-analyze", *map(str, arguments)], check=False, capture_output=True, text=True)


def test_systemd_finds_nothing(laid):
    found = analysed("verify", "--man=no", *sorted(laid.iterdir()))
    assert (found.returncode, found.stdout + found.stderr) == (0, "")


@pytest.mark.parametrize("name", ["penstock@x.service", "penstock-backup@x.service"])
def test_a_unit_may_do_little(laid, name):
    found = analysed("security", "--offline=yes", f"--threshold={EXPOSURE_TENTHS_MAX}", laid / name)
    assert found.returncode == 0, found.stdout[-200:]


def test_the_units_fit_the_program(tmp_path):
    (tmp_path / settings.FILE_NAME).write_text("")
    told = dict(re.findall(r"^Environment=(PENSTOCK_\w+)=(.*)$", SERVE, re.MULTILINE))
    told["PENSTOCK_SERVER_PUBLIC_URL"] = "https://provider.example"
    assert settings.load(tmp_path, told).telemetry.logs == "json"
    assert int(re.search(r"TimeoutStopSec=(\d+)", SERVE)[1]) > DRAIN_SECONDS + CLOSE_SECONDS
    assert {int(code) for code in re.search(r"RestartPreventExitStatus=(.*)", SERVE)[1].split()} <= set(EXIT_CODES)
    assert "LoadCredential=vault.kek" in SERVE, "the key-encryption key is in no data directory"
