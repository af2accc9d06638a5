"""What a policy obliges us to do around a delivery, and who does it.

Law: (1) a duty that nobody can perform refuses the act by its name, before anything is released. (2) Duties are
performed in the order of STEPS: what changes the data, before the seal that encrypts it; then the delivery; then who is
told; what comes after the use has its own time. (3) All of it is part of the act: when one fails nothing is released,
what was begun is undone with the act, and the failure is in the log.

    PERFORMERS    action → its step, why it cannot be done here, how it is done
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from connector.channel.errors import ChannelFault, fault
from connector.negotiation.notices import INFORM, Notice, Notices
from connector.runtime.errors import PenstockError
from connector.store.rows.agreement import AgreementRow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from connector.core.core import Core
    from connector.enforcement.ruling import Ruling
    from connector.enforcement.use import Link
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from ledger.space.document import Member
    from policy.model import Duty, Policy

TRANSFORM, DELIVER, TELL, AFTERWARDS = STEPS = ("transform", "deliver", "tell", "afterwards")
INFORMED: Final = "informedParty"
IMPOSSIBLE: Final = "duty-impossible"
FAILED: Final = "duty-failed"


@dataclass(frozen=True, slots=True)
class Task:
    """One duty to be done under an agreement."""

    duties: Duties
    link: Link
    duty: Duty
    now: datetime

    @property
    def informed(self) -> str:
        """Return who is to be told: the party that the duty names, or the other one of the agreement."""
        return dict(self.duty.parties).get(INFORMED, self.link.peer)


class Performer(NamedTuple):
    """How a duty is done; `why_not` returns words, empty where it can be done, `perform` raises when it fails."""

    step: str
    why_not: Callable[[Task], str]
    perform: Callable[[Tx, Task], None]


def _can(_task: Task) -> str:
    return ""


def _reachable(task: Task) -> str:
    if task.informed == task.duties.did:
        return ""
    if task.informed != task.link.peer:
        return f"`{task.informed}` is no party of the agreement, and takes no word of ours about it"
    return "" if task.informed in task.duties.members else f"`{task.informed}` is no member that takes notices"


def _unsealed(task: Task) -> str:
    return f"`{task.duty.action}` changes the data before it is sealed: publish an edition that has been through it"


def _nothing(_tx: Tx, _task: Task) -> None:
    """Do nothing more: the voucher has paid, and the holder deletes in its own time."""


def _tell(tx: Tx, task: Task) -> None:
    """Tell the party; what we are to tell ourselves is in our log already."""
    if task.informed == task.duties.did:
        return
    agreement = tx.get(AgreementRow, digest=task.link.agreement)
    assert agreement is not None, "a release is under an agreement"
    text = f"`{task.link.product}` was released; this fulfils the duty `{task.duty.id}` to `{task.duty.action}`"
    task.duties.notices.send(tx, agreement, Notice(INFORM, agreement.digest, text, task.now))


PERFORMERS: Final[Mapping[str, Performer]] = MappingProxyType(
    {
        "anonymize": Performer(TRANSFORM, _unsealed, _nothing),
        "desensitize": Performer(TRANSFORM, _unsealed, _nothing),
        "modify": Performer(TRANSFORM, _unsealed, _nothing),
        "replace": Performer(TRANSFORM, _unsealed, _nothing),
        "transform": Performer(TRANSFORM, _unsealed, _nothing),
        "compensate": Performer(DELIVER, _can, _nothing),
        "inform": Performer(TELL, _reachable, _tell),
        "alert": Performer(TELL, _reachable, _tell),
        "logRecordSend": Performer(TELL, _reachable, _tell),
        "delete": Performer(AFTERWARDS, _can, _nothing),
    }
)


class Duties:
    """The duties of one participant, done through a table of performers."""

    def __init__(
        self, core: Core, space: SpaceView, notices: Notices, performers: Mapping[str, Performer] = PERFORMERS
    ) -> None:
        self._core, self._space, self.notices = core, space, notices
        self.did = core.identity.did
        self._performers = performers

    @property
    def members(self) -> Mapping[str, Member]:
        """Return the members of the space, as last known."""
        return self._space.last().members

    @property
    def promised(self) -> frozenset[str]:
        """Return the actions that may be outstanding at an offer: the release does them, or `refusal` says why not."""
        return frozenset(name for name, one in self._performers.items() if one.step != AFTERWARDS)

    def refusal(self, link: Link, ruling: Ruling, now: datetime) -> Mapping[str, Any] | None:
        """Return as a reason which duty of a decision nobody can perform, None when all can be."""
        for task in self._tasks(link, ruling, now):
            performer = self._performers.get(task.duty.action)
            why = "nobody here performs it" if performer is None else performer.why_not(task)
            if why:
                text = f"the duty `{task.duty.id}` to `{task.duty.action}` cannot be done: {why}"
                return {"code": IMPOSSIBLE, "text": text, "path": task.duty.path, "facts": [task.duty.action, why]}
        return None

    def perform(self, tx: Tx, link: Link, ruling: Ruling, now: datetime) -> None:
        """Do what a decision asks for, step by step; raises `ChannelFault` `duty-failed`, and then nothing was done."""
        tasks = [(self._performers[task.duty.action], task) for task in self._tasks(link, ruling, now)]
        for performer, task in sorted(tasks, key=lambda one: STEPS.index(one[0].step)):
            if performer.step == AFTERWARDS:
                continue
            try:
                performer.perform(tx, task)
            except (PenstockError, OSError, ValueError) as error:
                raise fault(FAILED, f"the duty to `{task.duty.action}` was not done: {error}") from error
            fields = {"action": task.duty.action, "duty": task.duty.id, "step": performer.step}
            self._core.evidence.record(tx, "duty.performed", part=link.agreement, fields=fields, now=now)

    async def note(self, failure: ChannelFault, agreements: list[str]) -> None:
        """Record a duty that failed, when the act that it was part of has been undone."""

        def act(tx: Tx) -> None:
            now = self._core.clock.now()
            for digest in agreements:
                self._core.evidence.record(tx, "duty.failed", part=digest, fields={"reason": str(failure)}, now=now)

        await self._core.store.write(act)

    def _tasks(self, link: Link, ruling: Ruling, now: datetime) -> list[Task]:
        """Return the duties that a decision names: all that must be done by somebody, also later."""
        if not ruling.duties:
            return []
        known = {duty.id: duty for duty in _all(link.rules.compiled.policy)}
        named = [known[one["id"]] for one in ruling.duties if one["id"] in known]
        return [Task(self, link, duty, now) for duty in named]


def _all(policy: Policy) -> list[Duty]:
    return [duty for rule in policy.permissions for duty in rule.duties] + list(policy.obligations)
