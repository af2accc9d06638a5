"""What every kept space has: who is in it, at which ports, and what is sold."""

from __future__ import annotations

from pathlib import Path

KEPT = Path(__file__).with_name("kept")
ABOUT = "about.json"
# a participant's name is its address, so these are free on every machine or the test is not to be had: below what
# systems give out by themselves
PORTS = {"exchange": 8471, "provider": 8472, "buyer": 8473, "regulator": 8474}
TIDES, ROWS = "tides.csv", 4000
SURVEY, SURVEY_BYTES = "survey.bin", 1 << 18
