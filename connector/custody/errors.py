"""What can go wrong in the vault besides a failed opening (`ledger.edition.opening.OpeningError`)."""

from __future__ import annotations


class VaultError(Exception):
    """`code` is stable and for programs, the text is for people, `hint` says what to do next.

    Codes: `source` a file cannot be sealed, `key` a key is absent, `kek` what unwraps keys is, `blob` sealed bytes are
    absent or of the wrong length, `bucket` a bucket does not do as asked, `replica` a replica is not in a state for
    this, `locked` secrets of needed rows are not held, `pack` a provider's archive of small files is none that may be
    unpacked.
    """

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(f"{message}; {hint}" if hint else message)
        self.code = code
        self.hint = hint
