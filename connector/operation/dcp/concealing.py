"""Who is named in a credential by a reference that names nobody: what is typed of a person is made a keyed digest.

    hex( HMAC-SHA256(key, "penstock/person/v1" || 0 || holder || 0 || claim || 0 || text) )

Law: the text is kept nowhere. Without the key nobody finds it by trying numbers of identity cards; the same person of
the same organisation has the same reference as long as the issuer has that key, of another one a different reference.
"""

from __future__ import annotations

import hmac
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from connector.runtime.errors import InvalidInput
from contracts.credential.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

# what somebody else has made a reference of
REFERENCE: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
# a name, the kind and the number of a document
CHARACTERS_MAX: Final = 512


def concealed(key: bytes, holder: str, kind: str, claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return claims with a reference in the place of each that names a person; raises InvalidInput for no text."""
    names = KINDS[kind].concealed if kind in KINDS else ()
    return {name: _reference(key, holder, name, value) if name in names else value for name, value in claims.items()}


def _reference(key: bytes, holder: str, name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > CHARACTERS_MAX:
        raise InvalidInput(f"`{name}` is text of at most {CHARACTERS_MAX} characters, or a reference of 64 digits")
    if REFERENCE.fullmatch(value):
        return value
    text = f"penstock/person/v1\x00{holder}\x00{name}\x00{value.strip()}"
    return hmac.digest(key, text.encode(errors="surrogateescape"), sha256).hex()
