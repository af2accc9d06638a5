"""What can be wrong with a contract's values; the giver of the value is at fault unless the code says otherwise."""

from __future__ import annotations


class ContractError(ValueError):
    """A value breaks a rule of this room.

    `code` is stable and for programs, the text is for people, `hint` says what to do next.
    """

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(f"{message}; {hint}" if hint else message)
        self.code = code
        self.hint = hint
