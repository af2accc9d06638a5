"""Regions: ISO 3166 countries and subdivisions, the codes of GB/T 2260, and whatever the world says they are in.

`US-NY` lies in `US` by its form, `440305` in `440300`, that in `CN-44` and that in `CN`. A province is one place, be it
`CN-44`, `CN-GD` or `440000`. The codes below 71, 81 and 82, whose customs and data law are their own, count as part of
`CN` only where the world says so: leave to use data on one side is none to take it to the other.
"""

from __future__ import annotations

import re
from functools import lru_cache

# ISO 3166-1 alpha-2, officially assigned. A code outside it could never match, which would open a prohibition.
_ASSIGNED = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY "
    "BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK "
    "FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR "
    "IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK "
    "ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM "
    "PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF "
    "TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"
)
COUNTRIES = frozenset(_ASSIGNED.split())
CHINA = "CN"
# GB/T 2260, first two digits: the letters of ISO 3166-2
_PROVINCES = (
    "11:BJ 12:TJ 13:HE 14:SX 15:NM 21:LN 22:JL 23:HL 31:SH 32:JS 33:ZJ 34:AH 35:FJ 36:JX 37:SD 41:HA 42:HB "
    "43:HN 44:GD 45:GX 46:HI 50:CQ 51:SC 52:GZ 53:YN 54:XZ 61:SN 62:GS 63:QH 64:NX 65:XJ 71:TW 81:HK 82:MO"
)
PROVINCES = {pair[:2]: pair[3:] for pair in _PROVINCES.split()}
_LETTERS = {letters: digits for digits, letters in PROVINCES.items()}
APART = frozenset({"71", "81", "82"})
_CODE = re.compile(r"([A-Z]{2})(-[A-Z0-9]{1,3})?")
_GB = re.compile(r"([1-9][0-9])([0-9]{2})([0-9]{2})")


@lru_cache(maxsize=8192)
def is_code(text: str) -> bool:
    """Whether the text is a code of a country that exists, of a place in one (by its form), or of GB/T 2260."""
    if (digits := _GB.fullmatch(text)) is not None:
        return digits[1] in PROVINCES
    match = _CODE.fullmatch(text)
    if match is None or match[1] not in COUNTRIES:
        return False
    return match[1] != CHINA or match[2] is None or match[2][1:] in PROVINCES or match[2][1:] in _LETTERS


def canonical(code: str) -> str:
    """Write a code in its one form: a province of China as `CN-44`, one that is apart as its country's code."""
    head, _, tail = code.partition("-")
    if _GB.fullmatch(code) and code.endswith("0000"):
        tail = code[:2]
    elif head == CHINA and tail:
        tail = _LETTERS.get(tail, tail)
    else:
        return code
    return PROVINCES[tail] if tail in APART else f"{CHINA}-{tail}"


@lru_cache(maxsize=8192)
def spellings(place: str) -> tuple[str, ...]:
    """List every way to write a place that is given in its one form, that form first."""
    head, _, tail = place.partition("-")
    digits = tail if head == CHINA else _LETTERS.get(place, "")
    if digits not in (PROVINCES.keys() - APART if head == CHINA else APART):
        return (place,)
    other = {f"{CHINA}-{digits}", f"{CHINA}-{PROVINCES[digits]}", f"{digits}0000"} - {place}
    return (place, *sorted(other))


@lru_cache(maxsize=8192)
def line(place: str) -> frozenset[str]:
    """Collect the place (in its one form) and every place it lies in by its form; alone when it is no code."""
    place = canonical(place)
    if _GB.fullmatch(place) is not None:
        own = {place, f"{place[:4]}00", canonical(f"{place[:2]}0000")}
        return frozenset(own if place[:2] in APART else own | {CHINA})
    head, dash, _ = place.partition("-")
    return frozenset({place, head} if dash and is_code(place) else {place})
