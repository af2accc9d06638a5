"""A server loads what its roles need: neither what a rare act asks for nor what only an exchange has."""

from __future__ import annotations

import asyncio
import subprocess
import sys

from connector.runtime.clock import Clock
from tests.api.space import Space

# what a member that idles has no use for, and what installs it
HEAVY = (
    "tantivy",  # an exchange's catalogue
    "eth", "ledger.embedded.engine",  # a chain of its own
    "rdflib", "rich", "jsonschema", "referencing", "sqlite_utils",  # a Turtle file, help, a refusal, an upgrade
    "pyarrow", "obstore", "psycopg", "fastcdc", "opentelemetry",  # extras
    "connector.demo", "ledger.audit.audit", "ledger.log.aggregate", "ledger.log.head_aggregate",
    "py_ecc",  # of which eth-account would load half a second of tables for key files
)  # fmt: skip
# run inside a server once it has begun: what is loaded is told, and it is stopped
TOLD = f"""
import os, signal, sys
from connector.cli import serve
from connector.cli.entry import run
settle = serve.settle
def told():
    settle()
    if sys.argv[-1] == "begun":
        print(sorted(set({HEAVY!r}) & set(sys.modules)))
        os.kill(os.getpid(), signal.SIGTERM)
    sys.argv.append("begun")
serve.settle = told
run()
"""


def test_what_is_imported_for_a_server_is_what_every_member_needs():
    code = "from ledger.chain import key_files; key_files.defer()  # as the installed command begins\n"
    code += f"import sys, connector.api.server, connector.app.app; print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


async def test_a_member_that_has_begun_has_loaded_no_more(tmp_path):
    space = Space(tmp_path, Clock().now)
    space.prepare(("exchange", "provider"))
    exchange, provider = space.people["exchange"], space.people["provider"]
    await exchange.start(None)
    try:
        await provider.start(None)  # the first start makes tables and the proof of the aggregate key
        await provider.stop()
        command = [sys.executable, "-c", TOLD, "serve", "--data", str(provider.data)]
        done = await asyncio.to_thread(subprocess.run, command, check=False, capture_output=True, text=True, timeout=60)
    finally:
        await exchange.stop()
    assert done.stdout.strip() == "[]", done.stderr
