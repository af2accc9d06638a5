"""What the file of a key says whose secret lies in a module: under which id it is there, and what is public of it.

    pkcs11 ID PUBLIC…     hexadecimal; of a token key two public keys, its own and that of credentials

Law: the file names one key for ever. A module that answers with another key under that id is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

WORD: Final = "pkcs11"
ID_BYTES: Final = 8
_LINE: Final = re.compile(rf"{WORD} ([0-9a-f]{{{2 * ID_BYTES}}})((?: [0-9a-f]{{64,130}}){{1,2}})\n")


@dataclass(frozen=True, slots=True)
class Reference:
    """The CKA_ID of a key, and its public part as bytes: a point without compression (65), or 32 bytes of Ed25519."""

    id: bytes
    public: tuple[bytes, ...]

    @classmethod
    def read(cls, content: bytes) -> Reference | None:
        """Read a key's file; None for one that is no reference."""
        found = _LINE.fullmatch(content.decode("ascii", errors="replace"))
        if found is None:
            return None
        return cls(bytes.fromhex(found[1]), tuple(map(bytes.fromhex, found[2].split())))

    def line(self) -> bytes:
        """Return the file's content."""
        return f"{WORD} {self.id.hex()} {' '.join(each.hex() for each in self.public)}\n".encode()
