"""Key files of Ethereum's clients are opened as ever, and cost nothing until then."""

from __future__ import annotations

import json
import subprocess
import sys

SECRET = bytes(range(1, 33))
# in an interpreter of its own: what was imported says what was not needed
OPENED = f"""
import json, sys
if "before" in sys.argv:
    import eth_keyfile
from ledger.chain import key_files
key_files.defer()
import ledger.chain.client
from eth_account import Account
loaded = [name in sys.modules for name in ("web3", "py_ecc")]
file = Account.encrypt({SECRET!r}, "a passphrase", iterations=2)
opened = Account.decrypt(file, "a passphrase").hex()
import eth_keyfile
print(json.dumps([loaded, opened, eth_keyfile.__file__ is not None, file["version"]]))
"""


def told(*arguments):
    done = subprocess.run([sys.executable, "-c", OPENED, *arguments], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def test_the_chain_is_reached_without_the_package_that_opens_key_files():
    loaded, opened, real, version = told()
    assert loaded == [True, False]
    assert (opened, real, version) == (SECRET.hex(), True, 3)


def test_a_package_that_is_there_already_stays():
    loaded, opened, real, version = told("before")
    assert loaded == [True, True]
    assert (opened, real, version) == (SECRET.hex(), True, 3)
