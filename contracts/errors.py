"""What can be wrong with a contract's values; the giver of the value is at fault unless the code says otherwise."""

from __future__ import annotations

# of a name that somebody else wrote
NAME_CHARACTERS_MAX = 100


class ContractError(ValueError):
    """A value breaks a rule of this room.

    `code` is stable and for programs, the text is for people, `hint` says what to do next.
    """

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(f"{message}; {hint}" if hint else message)
        self.code = code
        self.hint = hint


def why(error: Exception) -> str:
    """Return in words why a document could not be read; what a finding says has no exception's name in it."""
    if isinstance(error, KeyError):
        return f"`{str(error.args[0])[:NAME_CHARACTERS_MAX] if error.args else ''}` is missing"
    if isinstance(error, IndexError):
        return "a part of it is missing"
    if isinstance(error, TypeError | AttributeError):
        return "a part of it has another form than it must have"
    if isinstance(error, ArithmeticError):
        return "a number in it is beyond all bounds"
    return str(error) or "a value in it cannot be read"
