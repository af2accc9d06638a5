"""Three values, and the comparisons that give them: of what is ordered, and of what lies within something else."""

from __future__ import annotations

from tests.policy.oracle import values
from tests.policy.oracle.facts import as_list, plain
from tests.policy.oracle.operands import KINDS, ORDERED


def opposite(verdict):
    return None if verdict is None else not verdict


def all_of(verdicts):
    return False if False in verdicts else None if None in verdicts else True


def one_of(verdicts):
    return opposite(all_of([opposite(verdict) for verdict in verdicts]))


def exactly_one_of(verdicts):
    if verdicts.count(True) > 1:
        return False
    return None if None in verdicts else verdicts.count(True) == 1


def compared(left, operator, given, right, facts):
    if KINDS[left] in ORDERED:
        return ordered(left, operator, given, right)
    if KINDS[left] == "window":
        inside = [values.in_window(given, plain(window)) for window in as_list(right)]
        held = all(inside) if operator == "isAllOf" else any(inside)
        return held != (operator in ("neq", "isNoneOf"))
    return placed(left, operator, given, right, facts.part_of)


def ordered(left, operator, given, right):
    value = read(left, given)
    return None if value is None else compare(operator, value, [read(left, one) for one in as_list(right)])


def read(left, value):
    """Read one ordered value; a list of several is not one."""
    if KINDS[left] == "instant" and not isinstance(value, str | dict | list):
        return value
    several = as_list(value)
    text = plain(several[0]) if len(several) == 1 else None
    if text is None:
        return None
    readers = {
        "instant": values.instant,
        "number": values.number,
        "version": values.version,
        "duration": values.seconds,
    }
    return readers.get(KINDS[left], values.amount)(text)


def compare(operator, value, wanted):
    first = wanted[0]
    return {
        "eq": value == first,
        "neq": value != first,
        "lt": value < first,
        "lteq": value <= first,
        "gt": value > first,
        "gteq": value >= first,
        "isAnyOf": value in wanted,
        "isNoneOf": value not in wanted,
    }[operator]


def placed(left, operator, given, right, part_of):
    """Compare identifiers by where they lie."""
    kind = KINDS[left]
    part_of = {spelled(kind, left, name): [spelled(kind, left, one) for one in part_of[name]] for name in part_of}
    have = [] if given is None else [plain(one) for one in as_list(given)]
    have = [one and values.identifier(kind, left, one) for one in have]
    if not have or None in have:
        return None
    want = [spelled(kind, left, plain(one)) for one in as_list(right)]
    inside = lambda one, other: values.within(kind, one, other, part_of)  # noqa: E731 -- one line says it
    if operator in ("eq", "neq"):
        same = same_identifiers(have, want, inside)
        return same if operator == "eq" else opposite(same)
    known = {one: values.placed(kind, one, part_of) for one in have}
    lies = [within_any(one, want, inside, known=known[one]) for one in have]
    if operator in ("isA", "isPartOf"):
        return all_of(lies)
    if operator in ("isAnyOf", "isNoneOf"):
        any_of = lies[0] if len(set(lies)) == 1 else None
        return any_of if operator == "isAnyOf" else opposite(any_of)
    if operator == "isAllOf":
        return all_of([has_within(one, have, inside, known) for one in want])
    placed_ones = {one: values.placed(kind, one, part_of) for one in [*have, *want]}
    return all_of([has_around(one, have, inside, placed_ones) for one in want])


def spelled(kind, left, text):
    return values.identifier(kind, left, text) or text


def same_identifiers(have, want, inside):
    if set(have) == set(want):
        return True
    if len(have) > 1 or len(want) > 1:
        return False
    # a near miss: one lies within the other
    return None if inside(have[0], want[0]) or inside(want[0], have[0]) else False


def within_any(one, want, inside, *, known):
    if any(inside(one, other) for other in want):
        return True
    broader = any(inside(other, one) for other in want)
    return None if broader or not known else False


def has_within(wanted, have, inside, known):
    """Whether one of what we have lies within what is wanted."""
    if any(inside(one, wanted) for one in have):
        return True
    broader = any(inside(wanted, one) for one in have)
    return None if broader or not all(known[one] for one in have) else False


def has_around(wanted, have, inside, known):
    """Whether what is wanted lies within one of what we have; `known` says of what it is known where it lies."""
    if any(inside(wanted, one) for one in have):
        return True
    return False if known[wanted] and all(known[one] for one in have) else None
