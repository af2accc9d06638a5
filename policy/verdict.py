"""Three values and how they join (Kleene): True holds, False does not, None cannot be said.

Unknown counts against the asker on both sides: a permission needs True, a prohibition is out of the way only on False.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Verdict: TypeAlias = bool | None


def negate(verdict: Verdict) -> Verdict:
    """Turn True and False round; unknown stays."""
    return None if verdict is None else not verdict


def all_of(verdicts: Sequence[Verdict]) -> Verdict:
    """Combine by `and`: one False settles it, else one unknown leaves it open."""
    if False in verdicts:
        return False
    return None if None in verdicts else True


def any_of(verdicts: Sequence[Verdict]) -> Verdict:
    """Combine by `or`: one True settles it, else one unknown leaves it open."""
    if True in verdicts:
        return True
    return None if None in verdicts else False


def one_of(verdicts: Sequence[Verdict]) -> Verdict:
    """Combine by `xone`: two True settle it, else one unknown leaves it open."""
    certain = verdicts.count(True)
    if certain > 1:
        return False
    return None if None in verdicts else certain == 1


COMBINE: Mapping[str, Callable[[Sequence[Verdict]], Verdict]] = {"and": all_of, "or": any_of, "xone": one_of}
