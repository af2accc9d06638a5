"""docs/sbom.cdx.json: what Penstock runs with, for programs that read CycloneDX 1.6.

Every package of docs/THIRD_PARTY.md with its licence and its needs; the digests of its files are in requirements.lock.
`python -m docs.generate.bill_of_materials FOLDER` writes it beside the wheels of a release, with their digests.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import Requirement

from docs.generate.third_party import called, project, rows, wishes

if TYPE_CHECKING:
    from docs.generate.third_party import Package

FORMAT = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1}
SUMS = "SHA256SUMS"


def document() -> str:
    """Return the bill as text; the same packages give the same bytes."""
    return _text(_bill())


def release(folder: Path) -> None:
    """Write the bill of the wheels in a folder, which it names by digest, and SHA256SUMS, the digests of all."""
    bill, told = _bill(), project()
    bill["metadata"]["component"]["components"] = [
        {"type": "file", "name": name, "hashes": [{"alg": "SHA-256", "content": digest}]}
        for name, digest in _digests(folder, "*.whl").items()
    ]
    (folder / f"{told['name']}-{told['version']}.cdx.json").write_text(_text(bill), encoding="utf-8")
    sums = {**_digests(folder, "*.whl"), **_digests(folder, "*.cdx.json")}
    (folder / SUMS).write_text("".join(f"{digest}  {name}\n" for name, digest in sums.items()), encoding="utf-8")


def _digests(folder: Path, pattern: str) -> dict[str, str]:
    return {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in sorted(folder.glob(pattern))}


def _bill() -> dict[str, Any]:
    packages, told = rows(), project()
    references = {one.name: _address(one.name, one.version) for one in packages}
    own = _address(told["name"], told["version"])
    asked = {called(Requirement(one).name) for wanted in wishes().values() for one in wanted}
    needs = {own: sorted(asked & references.keys())} | {references[one.name]: one.needs for one in packages}
    return {
        **FORMAT,
        "metadata": {"component": _component("application", own, told["name"], told["version"], told["license"])},
        "components": [_library(one) for one in packages],
        "dependencies": [
            {"ref": reference, "dependsOn": [references[name] for name in names]} for reference, names in needs.items()
        ],
    }


def _text(bill: dict[str, Any]) -> str:
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


if __name__ == "__main__":
    release(Path(sys.argv[1]))
