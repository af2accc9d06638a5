"""Audits that are begun here and remembered: one at a time, each in a process of its own, as its command does it.

Law: an audit reads chain and logs of the whole space, which takes memory and time that this server does not have to
spare; so it is `penstock audit` in a process beside. One that was cut off says so at the next start.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import orjson

from connector.runtime.errors import Conflict
from connector.runtime.limits import AUDIT_BYTES_MAX, AUDITS_KEPT_MAX
from connector.store.rows.console import AuditRow, AuditState

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject


COMMAND = (sys.executable, "-m", "connector.cli.entry", "audit", "--json")
AUDITED = frozenset({0, 6})  # exit codes: clean, and findings
CUT_OFF = "the server was stopped while it ran"
LAST_CHARACTERS = 400


class Audits:
    """The audits of this supervisor."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()

    async def recover(self) -> None:
        """Say of an audit that an earlier run left unfinished that it was cut off."""

        def act(tx: Tx) -> None:
            for row in tx.find(AuditRow, "state = ?", (AuditState.RUNNING,)):
                tx.change(row, replace(row, state=AuditState.FAILED, reason=CUT_OFF))

        if await self._core.store.read(lambda tx: tx.find(AuditRow, "state = ?", (AuditState.RUNNING,), limit=1)):
            await self._core.store.write(act)

    async def begin(self) -> str:
        """Begin an audit and return its id; raises Conflict while one runs."""
        async with self._turn:  # from the look until the task is there: two may ask at once
            if self._task is not None and not self._task.done():
                raise Conflict("an audit is running already", "wait for it")
            key, now = secrets.token_hex(8), self._core.clock.now()

            def act(tx: Tx) -> None:
                for row in tx.find(AuditRow, order="at desc")[AUDITS_KEPT_MAX - 1 :]:
                    tx.delete(AuditRow, id=row.id)
                tx.insert(AuditRow(id=key, state=AuditState.RUNNING, report=None, reason="", at=now))

            await self._core.store.write(act)
            self._task = asyncio.create_task(self._run(key))
            return key

    async def newest(self) -> AuditRow | None:
        """Return the newest audit, None if there was none."""
        rows = await self._core.store.read(lambda tx: tx.find(AuditRow, order="at desc", limit=1))
        return rows[0] if rows else None

    async def close(self) -> None:
        """Stop an audit that runs."""
        if self._task is not None and not self._task.done():
            if self._process is not None and self._process.returncode is None:
                self._process.terminate()
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, key: str) -> None:
        try:
            report, reason = await self._ask()
        except (OSError, ValueError) as fault:
            report, reason = None, str(fault)
        state = AuditState.FAILED if report is None else AuditState.DONE
        await self._core.store.write(
            lambda tx: tx.update(AuditRow, {"id": key}, state=state, report=report, reason=reason)
        )

    async def _ask(self) -> tuple[JsonObject | None, str]:
        """Return the report, or why there is none."""
        self._process = await asyncio.create_subprocess_exec(
            *COMMAND,
            *self._options(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=AUDIT_BYTES_MAX,
        )
        said, complaint = await self._process.communicate()
        if self._process.returncode in AUDITED and len(said) <= AUDIT_BYTES_MAX:
            told = orjson.loads(said)
            if isinstance(told, dict) and "findings" in told:
                return told, ""
        words = complaint.decode(errors="replace").strip()[-LAST_CHARACTERS:]
        return None, words or f"the audit ended with code {self._process.returncode}"

    def _options(self) -> list[str]:
        settings = self._core.settings
        exchange = settings.space.exchange or self._core.identity.url
        told = ["--data", str(self._core.data), "--exchange", exchange]
        told += ["--rpc", settings.chain.rpc] if settings.chain.rpc else []
        told += ["--trust", settings.server.trust] if settings.server.trust else []
        return told + (["--development"] if settings.server.development else [])
