"""Regions: ISO 3166-1 alpha-2 countries, ISO 3166-2 subdivisions below them, and whatever the world says they are in.

"US-NY" is part of "US" by its form; anything else ("US" in a treaty area named by an IRI) is a fact of the world.
"""

from __future__ import annotations

import re

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
_CODE = re.compile(r"([A-Z]{2})(-[A-Z0-9]{1,3})?")


def is_code(text: str) -> bool:
    """Whether the text is an ISO 3166 code of a country that exists; subdivisions are checked by form only."""
    match = _CODE.fullmatch(text)
    return match is not None and match[1] in COUNTRIES


def country(code: str) -> str | None:
    """Find the country a subdivision code lies in; None for anything else."""
    head, dash, _ = code.partition("-")
    return head if dash and is_code(code) else None
