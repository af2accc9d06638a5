"""`make supply`: what Penstock is made of, and whether it is made the same way twice.

Advisories and licences of the packages, the lock, the bill of materials, wheels, the image's content, the programs on
chain. Prints a row for each, what is wrong below it, and ends with `N passed, M failed`; what cannot be looked at here
is neither. `--image` builds the whole image's content and not the first packages alone: minutes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from tests.supply import advisories, bill, builds, image, licences

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.supply.verdict import Verdict

CHECKS: Mapping[str, Callable[[], Verdict]] = {
    "advisories of the lock": advisories.check,
    "licences of what is installed": licences.check,
    "what is installed is the lock": bill.environment,
    "the bill of materials is the lock": bill.materials,
    "wheels and their bill, built twice": builds.wheels,
    "the image's content, built twice": image.check,
    "programs on chain, compiled again": builds.programs,
}
BY_IMAGE = {"the image's content, built twice": partial(image.check, whole=True)}


def main() -> int:
    """Look at all; returns the exit code."""
    parser = argparse.ArgumentParser(prog="make supply", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one document")
    parser.add_argument("--image", action="store_true", help="the whole content of the image")
    asked = parser.parse_args()
    found, count = [], Counter[str]()
    for name, check in (CHECKS | (BY_IMAGE if asked.image else {})).items():
        verdict = check()
        count[verdict.word] += 1
        found.append({"check": name, "verdict": verdict.word, **verdict._asdict()})
        if not asked.json:
            said = [f"  {one}" for one in (*verdict.faults, verdict.absent) if one]
            sys.stdout.write("\n".join([f"{verdict.word:7} {name}: {verdict.tried:,}", *said]) + "\n")
            sys.stdout.flush()
    if asked.json:
        document = {"checks": found, "passed": count["passed"], "failed": count["failed"], "absent": count["absent"]}
        sys.stdout.write(json.dumps(document, indent=1) + "\n")
    else:
        sys.stdout.write(f"{count['passed']} passed, {count['failed']} failed\n")
    return 1 if count["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
