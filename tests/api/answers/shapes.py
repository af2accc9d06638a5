"""Whether a value is of a shape, as `connector.cli.answers` writes shapes."""

from __future__ import annotations

HOLDS = {
    "text": lambda value: isinstance(value, str),
    "digits": lambda value: isinstance(value, str) and value.isascii() and value.isdecimal(),
    "number": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "truth": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "any": lambda _value: True,
}
ANY = "*"


def unlike(shape, value, at=""):
    """Return where a value is not of its shape, empty where it is."""
    if isinstance(shape, str):
        held = (value is None and shape.endswith("?")) or HOLDS[shape.removesuffix("?")](value)
        return "" if held else f"{at}: {value!r} is no {shape}"
    if isinstance(shape, list):
        if not isinstance(value, list):
            return f"{at}: {value!r} is no list"
        return next(filter(None, (unlike(shape[0], one, f"{at}[{n}]") for n, one in enumerate(value))), "")
    if not isinstance(value, dict):
        return f"{at}: {value!r} is no object"
    known = {name.removesuffix("?"): inner for name, inner in shape.items() if name != ANY}
    lacking = {name for name in shape if name[-1] != "?" and name != ANY} - set(value)
    strange = set() if ANY in shape else set(value) - set(known)
    if odd := lacking | strange:
        return f"{at}: {sorted(odd)} lack or are too many"
    members = ((name, known.get(name, shape.get(ANY))) for name in value)
    return next(filter(None, (unlike(inner, value[name], f"{at}.{name}") for name, inner in members)), "")
