"""A token of SoftHSM for all tests of a process: its library reads once in a process where tokens are."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
TOKEN, PIN = "penstock", "1234"
CONFIGURED = "SOFTHSM2_CONF"


def is_there():
    return shutil.which("softhsm2-util") is not None and MODULE.exists()


def begin(folder):
    """Make a folder with an empty token, and let this process and those that it starts find it."""
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\n")
    pin_file(folder, "pin", PIN)
    os.environ[CONFIGURED] = str(folder / "softhsm2.conf")
    making = ["--init-token", "--free", "--label", TOKEN, "--pin", PIN, "--so-pin", PIN]
    subprocess.run(["softhsm2-util", *making], check=True, stdout=subprocess.DEVNULL)
    return folder


def pin_file(folder, name, pin, mode=0o600):
    (folder / name).write_text(pin + "\n")
    (folder / name).chmod(mode)
    return str(folder / name)


def uri(folder, label):
    """Name keys of a label on the token."""
    return f"pkcs11:token={TOKEN};object={label}?module-path={MODULE}&pin-source=file:{folder / 'pin'}"
