"""What a person says of a use in a form of the console: a line for each thing that its policy asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.enforcement.context import words
from connector.enforcement.scopes import operands
from connector.runtime.errors import InvalidInput
from policy.errors import PolicyError
from policy.examples import EXAMPLES
from policy.parse import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

# of an operand whose profile has no example
EXAMPLE = "VALUE"


def asked(policy: Mapping[str, Any]) -> list[str]:
    """Return what a policy asks a use to say beside its purpose, each as an example of its line."""
    try:
        named = operands(parse({**policy, "@type": "Set", "target": "urn:penstock:product"}))
    except PolicyError:
        return []
    return [f"{name}={EXAMPLES[name].holds if name in EXAMPLES else EXAMPLE}" for name in words() if name in named]


def read(text: str) -> dict[str, str]:
    """Return name → value of lines `name=value`; raises InvalidInput for anything else."""
    pairs = [line.partition("=") for line in text.splitlines() if line.strip()]
    said = {name.strip(): value.strip() for name, _, value in pairs}
    if len(pairs) > len(words()) or len(said) < len(pairs) or not all(mark for _, mark, _ in pairs):
        raise InvalidInput("what is said of a use is a line `name=value` each, none twice", "such as application=NAME")
    return said
