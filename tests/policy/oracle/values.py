"""The values of a policy as the oracle reads them: text in, something comparable out, None for what cannot be read.

Ordered values become Fractions, instants or tuples; everything else becomes an identifier in one spelling, and `within`
says whether one identifier lies within another: by its own form, or by what the world says is part of what.
"""

from __future__ import annotations

import calendar
import ipaddress
import json
import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

ROOM = Path(__file__).resolve().parents[3] / "policy"
PURPOSES = json.loads((ROOM / "purposes.json").read_text(encoding="utf-8"))
BROADER = {
    PURPOSES["base"] + name: parent and PURPOSES["base"] + parent for name, parent, _en, _zh in PURPOSES["purposes"]
}
LABELS = {
    label.casefold(): PURPOSES["base"] + name for name, _parent, en, zh in PURPOSES["purposes"] for label in (en, zh)
}
# the subdivisions of China that the cases speak of: ISO 3166-2:CN by letters and, before 2017, by GB/T 2260's digits
LETTERS = {"CN-GD": "CN-44", "CN-GX": "CN-45", "CN-HK": "HK", "CN-81": "HK"}
COUNTRIES = {"CN", "US", "DE", "FR", "HK"}
CODES = {
    "executionEnv": ["usageControl", "sandbox", "mpc", "federated", "tee", "confidential", "other"],
    "encryptMode": ["plaintext", "ciphertext", "other"],
    "deliveryMethod": ["file", "stream", "api", "other"],
}
IANA = "https://www.iana.org/assignments/media-types/"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAYS = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]


class Duration(NamedTuple):
    """Calendar months first, then exact seconds."""

    months: int
    seconds: Fraction


# ordered values ------------------------------------------------------------------------------------------------------


def number(text):
    return Fraction(text) if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) else None


def amount(text):
    """Read a count or an amount: a number that is not negative."""
    value = number(text)
    return None if value is None or value < 0 else value


def version(text):
    """Dotted numbers; `1.2` and `1.2.0` are one version."""
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)*", text):
        return None
    parts = [int(part) for part in text.split(".")]
    while len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def instant(text):
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read.astimezone(UTC) if read.tzinfo is not None and "T" in text else None


_DURATION = re.compile(
    r"P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?"
)


def duration(text):
    """Read ISO 8601: `P3M`, `PT1H30M`."""
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    years, months, weeks, days, hours, minutes, seconds = (Fraction(part or 0) for part in match.groups())
    exact = ((weeks * 7 + days) * 24 + hours) * 3600 + minutes * 60 + seconds
    return Duration(int(years * 12 + months), exact)


def seconds(text):
    """Read a duration that is the same length at any time; None for one of months or years."""
    length = duration(text)
    return None if length is None or length.months else length.seconds


def after(anchor, length):
    """Step a duration on from an instant: months first, to the same day or the month's last one, then seconds."""
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + length.months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    stepped = anchor.replace(year=year, month=month + 1, day=min(anchor.day, last))
    return stepped + timedelta(microseconds=int(length.seconds * 10**6))


def rate(text):
    """`100/PT1M` or `100/PT1M/fixed` → (how many, in what, whether the windows are fixed)."""
    limit, period, *kind = text.split("/")
    return int(limit), timedelta(seconds=float(duration(period).seconds)), kind == ["fixed"]


def in_window(now, text):
    """Whether the instant lies in `Mo-Fr 09:00-17:00 Asia/Shanghai`; half-open, over midnight into the next day."""
    days, hours, zone = text.split(" ")
    local = now.astimezone(ZoneInfo(zone))
    opens, closes = hours.split("-")
    clock = local.strftime("%H:%M")
    today, yesterday = local.weekday(), (local.weekday() - 1) % 7
    if opens < closes:
        return today in _days(days) and opens <= clock < closes
    return (today in _days(days) and clock >= opens) or (yesterday in _days(days) and clock < closes)


def _days(text):
    named = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        start, stop = DAYS.index(first), DAYS.index(last or first)
        named |= set(range(start, stop + 1)) if start <= stop else set(range(start, 7)) | set(range(stop + 1))
    return named


# identifiers and where they lie --------------------------------------------------------------------------------------


def identifier(kind, operand, text):
    """Bring an identifier into its one spelling; None when it names nothing of its kind."""
    if kind == "purpose":
        return LABELS.get(text.casefold(), text)
    if kind == "region":
        return _region(text)
    if kind == "language":
        return text.lower()
    if kind == "media":
        return text.removeprefix(IANA).lower()
    if kind == "network":
        network = _network(text)
        return network and str(network)
    if operand in CODES:
        return _code(text, CODES[operand])
    return text


def _code(text, names):
    if re.fullmatch("0[1-9]", text) and int(text) <= len(names):
        return names[int(text) - 1]
    return text if text in names else None


def _region(text):
    if ":" in text:
        return text
    if re.fullmatch("[0-9]{6}", text):
        return f"CN-{text[:2]}" if text.endswith("0000") else text
    text = LETTERS.get(text, text)
    return text if text[:2] in COUNTRIES and re.fullmatch("[A-Z]{2}(-[A-Z0-9]{1,3})?", text) else None


def placed(kind, name, part_of):
    """Whether it is known where the name lies: only purposes and regions outside their schemes are unplaced."""
    mentioned = name in part_of or any(name in groups for groups in part_of.values())
    if kind == "purpose":
        return name in BROADER or mentioned
    if kind == "region":
        return ":" not in name or mentioned
    return True


def within(kind, inner, outer, part_of):
    """Whether `inner` is `outer` or lies within it, step by step, each step by form or by the world."""
    known = {outer, *part_of, *(group for groups in part_of.values() for group in groups)}
    reached, fresh = {inner}, [inner]
    while fresh:
        here = fresh.pop()
        steps = {name for name in known if _by_form(kind, here, name)} | set(part_of.get(here, []))
        fresh += steps - reached
        reached |= steps
    return outer in reached


def _by_form(kind, inner, outer):
    if kind == "purpose":
        return outer in _climb(inner, BROADER.get)
    if kind == "region":
        return outer in _climb(inner, _containing)
    if kind == "language":
        return inner.startswith(outer + "-")
    if kind == "media":
        return outer.endswith("/*") and inner.startswith(outer[:-1])
    if kind == "network":
        small, big = _network(inner), _network(outer)
        return None not in (small, big) and small.version == big.version and small.subnet_of(big)
    return False


def _network(text):
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def _climb(name, parent):
    chain = []
    while name := parent(name):
        chain.append(name)
    return chain


def _containing(region):
    """`440304` → `440300` → `CN-44` → `CN`."""
    if re.fullmatch("[0-9]{6}", region):
        return f"CN-{region[:2]}" if region.endswith("00") else region[:4] + "00"
    return region[:2] if re.fullmatch("[A-Z]{2}-[A-Z0-9]+", region) else None
