"""Many asked at once, their answers and findings in the order in which they were asked.

Law: who answers first must not show, so everybody's findings go into a report of their own; the reports are joined in
order when all have answered.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from ledger.audit.report import Report

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

ASKED_AT_ONCE_MAX = 16

One = TypeVar("One")
Answer = TypeVar("Answer")


async def each(
    ones: Iterable[One], ask: Callable[[One, Report], Awaitable[Answer]], report: Report
) -> list[tuple[One, Answer]]:
    """Ask about all of `ones`, at most `ASKED_AT_ONCE_MAX` at a time; return (one, its answer) in their order."""
    turn = asyncio.Semaphore(ASKED_AT_ONCE_MAX)

    async def asked(one: One) -> tuple[One, Answer, Report]:
        own = Report()
        async with turn:
            return one, await ask(one, own), own

    answers = await asyncio.gather(*map(asked, ones))
    for _, _, own in answers:
        report.join(own)
    return [(one, answer) for one, answer, _ in answers]
