"""Who of our own people asks for a use, and what they say of it.

Law: (1) who asks is never theirs to say: it is the account that signed in, with its role, a program by its key, or
whoever holds the token of the data directory, which is the owner. (2) What they say of a use is kept with it, and the
other side is told what its policy asks for alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connector.enforcement.context import ROLE, USER, words
from connector.runtime.errors import InvalidInput
from policy.values import scalar
from policy.vocabulary.names import operand_name
from policy.vocabulary.registered import written_out

if TYPE_CHECKING:
    from collections.abc import Mapping

# of one word; the other side's connector takes no more
CHARACTERS_MAX = 512


@dataclass(frozen=True, slots=True)
class Person:
    """One of our own people: the name of the account, and its role here."""

    name: str
    role: str

    def says(self, told: Any) -> dict[str, str]:
        """Return what is known of a use beside its purpose, of that which this person said; raises InvalidInput."""
        return {**checked(told), USER: self.name, ROLE: self.role}


# the role of an account whose title nobody has said
OPERATOR: Final = "operator"
# the role of a program that asks with a key of its own
PROGRAM: Final = "program"
# who holds the token of the data directory
OWNER: Final = Person("owner", "owner")


def checked(told: Any) -> dict[str, str]:
    """Return what somebody says of a use; raises InvalidInput for what is not theirs to say, or no value of it."""
    if told is None:
        return {}
    if not isinstance(told, dict):
        raise InvalidInput("what is said of a use is an object of texts", "such as `application` and its name")
    told = {operand_name(written_out(name)) if isinstance(name, str) else name: text for name, text in told.items()}
    theirs = words()
    for name, text in told.items():
        if name not in theirs:
            hint = "what a use says of itself: " + ", ".join(theirs)
            raise InvalidInput(f"`{name!s:.60}` is not for the asker to say", hint)
        fits = isinstance(text, str) and 0 < len(text) <= CHARACTERS_MAX and text.isprintable()
        if not fits or scalar(name, text) is None:
            raise InvalidInput(f"`{text!s:.60}` is no value of `{name}`", f"a text of 1 to {CHARACTERS_MAX} characters")
    return dict(told)


def words_of(said: Mapping[str, str] | None) -> dict[str, str]:
    """Return of what is known of a use what its asker said."""
    theirs = words()
    return {name: text for name, text in (said or {}).items() if name in theirs}
