"""docs/sbom.cdx.json: what Penstock runs with, for programs that read CycloneDX 1.6.

Every package of docs/THIRD_PARTY.md with its licence and its needs; the digests of its files are in requirements.lock.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import Requirement

from docs.generate.third_party import called, project, rows, wishes

if TYPE_CHECKING:
    from docs.generate.third_party import Package

FORMAT = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1}


def document() -> str:
    """Return the bill as text; the same packages give the same bytes."""
    packages, told = rows(), project()
    references = {one.name: _address(one.name, one.version) for one in packages}
    own = _address(told["name"], told["version"])
    asked = {called(Requirement(one).name) for wanted in wishes().values() for one in wanted}
    needs = {own: sorted(asked & references.keys())} | {references[one.name]: one.needs for one in packages}
    bill = {
        **FORMAT,
        "metadata": {"component": _component("application", own, told["name"], told["version"], told["license"])},
        "components": [_library(one) for one in packages],
        "dependencies": [
            {"ref": reference, "dependsOn": [references[name] for name in names]} for reference, names in needs.items()
        ],
    }
    return json.dumps(bill, indent=1) + "\n"


def _library(package: Package) -> dict[str, Any]:
    found = _component(
        "library", _address(package.name, package.version), package.name, package.version, package.licence
    )
    return found | ({"scope": "optional"} if package.extra else {})


def _component(kind: str, address: str, name: str, version: str, licence: str) -> dict[str, Any]:
    return {
        "type": kind,
        "bom-ref": address,
        "name": name,
        "version": version,
        "purl": address,
        "licenses": [_licence(licence)],
    }


def _licence(told: str) -> dict[str, Any]:
    """Return an SPDX expression as one, anything else as the name that the package gives."""
    try:
        return {"expression": canonicalize_license_expression(told)}
    except InvalidLicenseExpression:
        return {"license": {"name": told}}


def _address(name: str, version: str) -> str:
    """Return the package URL."""
    return f"pkg:pypi/{name}@{version}"
