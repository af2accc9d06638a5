"""The check character of national codes: ISO 7064 MOD 37-2 over 0-9A-Z*, as GB/T 17710 has it."""

from __future__ import annotations

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CHECKS = ALPHABET + "*"
MODULUS, RADIX = 37, 2


def check_character(body: str) -> str:
    """Return the character after `body` that makes it pass: Σ aᵢ·2^(i-1) ≡ 1 (mod 37), counted from the right."""
    rest = 0
    for character in body:
        rest = (rest + CHECKS.index(character)) * RADIX % MODULUS
    return CHECKS[(1 - rest) % MODULUS]


def passes(code: str) -> bool:
    """Say whether a code ends with its check character."""
    return bool(code) and set(code) <= set(CHECKS) and "*" not in code[:-1] and check_character(code[:-1]) == code[-1]
