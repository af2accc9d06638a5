"""What is asked for under agreements, and how far the decision on it goes: the values that `enforce` works on.

Law: two uses differ in nothing but what stands here. Who asks for one fills a `Use`; `connector.enforcement.enforce`
does the rest, the same for all.

    what                  stage      links               draws      is taken
    keys offered          OFFER      with those above    openings   never: the release takes it
    keys released         RELEASE    with those above    openings   with the receipt
    keys recounted        HAPPENED   with those above    openings   at once
    opening of kept data  RELEASE    its agreement       yes        at once
    its keys exported     PART       its agreement       no         with the opening
    plain copy, push      RELEASE    its agreement       yes        at once
    statement, call       RELEASE    its agreement       yes        with the answer
    what runs             STANDING   its agreement       no         never: nothing is used
    what is to be bought  FORESIGHT  none yet            no         never: nothing is recorded either
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from connector.enforcement.ruling import ALLOW, HOLDS, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.enforcement.rules import InForce
    from connector.enforcement.ruling import Ruling
    from contracts.facts import Fact


@dataclass(frozen=True, slots=True)
class Stage:
    """How far a decision goes; `name` is what the judge is told, which holds at a release that it fulfils its duties.

    `good` are the outcomes that let the use pass. `promises`: so does one that waits only for what the release itself
    does, the payment among it. `duties`: each duty must be one that can be done, and is done when the use is taken.
    `happened`: it cannot be undone, so it is counted without a record, whatever the policy says and beyond any limit.
    """

    name: str
    good: frozenset[str] = frozenset({ALLOW})
    promises: bool = False
    duties: bool = True
    happened: bool = False


OFFER: Final = Stage("offer", promises=True)
RELEASE: Final = Stage("release")
# one more thing that a use is: its duties are those of the use itself
PART: Final = Stage("release", duties=False)
# its duties are asked for with each key
STANDING: Final = Stage("standing", good=HOLDS, duties=False)
# what would come of it, before there is an agreement
FORESIGHT: Final = Stage("offer", promises=True, duties=False)
# what a back-up forgot and the other side has signed for
HAPPENED: Final = Stage("release", duties=False, happened=True)


@dataclass(frozen=True, slots=True)
class Link:
    """One agreement that a use is under (its digest in hex): about what, with whom, and who asks under which rules.

    `request` (hex) names what was asked for, and links the record of its decision; `tier` is the one of its terms, and
    `facts` what they say of the product.
    """

    agreement: str
    product: str
    peer: str
    by: str
    rules: InForce
    request: str
    tier: str
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Use:
    """What is asked for: under which agreements (its own is the last), which action, and all that is known of it.

    `place` says where it is decided, `taker` who takes its share, once however often. `draws`: its share is counted
    here, and not by who holds the keys. `number` tells the orders of one request apart. One that `polls` is asked for
    again and again under one name, so its decision is recorded when it changes. `read` is what a process of ours has
    read of a statement before it is answered.
    """

    links: tuple[Link, ...]
    action: str
    context: Mapping[str, str]
    stage: Stage
    place: str
    taker: str
    draws: bool = True
    number: int | None = None
    polls: bool = False
    read: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def own(self) -> Link:
        """Return the agreement that the use itself is under."""
        return self.links[-1]

    def row(self, link: Link) -> str:
        """Return the id of the row of the decision under one of its agreements."""
        number = () if self.number is None else (str(self.number),)
        return "/".join((link.request, *number, self.place))


@dataclass(frozen=True, slots=True)
class Granted:
    """A use whose share is held for its taker; `ruling` is the one under its own agreement."""

    use: Use
    ruling: Ruling


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a use is refused; it holds nothing."""

    outcome: str
    reasons: tuple[Mapping[str, Any], ...]
    duties: tuple[Mapping[str, Any], ...]

    @property
    def text(self) -> str:
        """Return the reasons in words."""
        return words(self.outcome, self.reasons)
