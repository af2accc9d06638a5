"""The codes of organisations: the unified social credit code of China (GB 32100) and the LEI (ISO 17442).

    credit code   department 1, kind 1, region 6, body 9, check 1    18   weights 3^(i-1) mod 31
    LEI           issuer 4, reserved 2, entity 12, check 2           20   ISO 7064 MOD 97-10

Law: what passes here is written as its standard writes it, and has its check characters; that somebody has such a code
only a register knows.
"""

from __future__ import annotations

import re
from typing import Final

# without I, O, S, V and Z, which are taken for digits, or for one another
CREDIT_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_MODULUS, CREDIT_RADIX = 31, 3
_CREDIT: Final = re.compile(rf"[{CREDIT_ALPHABET}]{{2}}[0-9]{{6}}[{CREDIT_ALPHABET}]{{10}}", re.ASCII)
_LEI: Final = re.compile(r"[0-9A-Z]{18}[0-9]{2}", re.ASCII)
LEI_MODULUS: Final = 97


def credit_check(body: str) -> str:
    """Return the check character after the 17 characters of a credit code: -Σ cᵢ·3^(i-1), modulo 31."""
    weighed = sum(CREDIT_ALPHABET.index(one) * CREDIT_RADIX**place for place, one in enumerate(body))
    return CREDIT_ALPHABET[-weighed % CREDIT_MODULUS]


def is_credit_code(text: str) -> bool:
    """Say whether it is written as a unified social credit code and has its check character."""
    return _CREDIT.fullmatch(text) is not None and credit_check(text[:-1]) == text[-1]


def is_lei(text: str) -> bool:
    """Say whether it is written as an LEI and has its check digits."""
    return _LEI.fullmatch(text) is not None and int("".join(str(int(one, 36)) for one in text)) % LEI_MODULUS == 1
