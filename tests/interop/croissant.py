"""Have MLCommons' own library read what we write as Croissant, in an environment made for it, which pip fills.

    python -m tests.interop.croissant [HOW MANY]

Product files are drawn, written as Croissant and loaded by `mlcroissant`: it must find no error, no warning but those
of words that a provider did not say, and as many files and fields as there are. Prints `N passed, M failed`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings

from catalog import product_keys
from catalog.croissant import croissant
from tests.catalog.described import dataset_of, product_files, view

LIBRARY = "mlcroissant==1.1.1"
DRAWN = 60
WITHIN_SECONDS = 900
# run in that environment; what it prints for each file is compared here
READER = """
import json, logging, sys
logging.disable(logging.CRITICAL)
import mlcroissant
for path in sys.argv[1:]:
    try:
        read = mlcroissant.Dataset(jsonld=path).metadata
        fields = [len(one.fields) for one in read.record_sets]
        told = {"files": len(read.distribution), "fields": fields, "warnings": sorted(read.ctx.issues.warnings)}
    except Exception as fault:
        told = {"fault": repr(fault)[:2000]}
    print(json.dumps(told), flush=True)
"""
# a product may have no licence and no citation; Croissant recommends both
UNSAID = ("license", "citeAs", "cite_as")


def drawn(count):
    """Return documents as hypothesis draws them."""
    found = []

    @settings(max_examples=count, phases=[Phase.generate], database=None, suppress_health_check=list(HealthCheck))
    @given(product_files())
    def draw(document):
        tables = {name: list(one["columns"]) for name, one in document.get("tables", {}).items()}
        found.append(croissant(view(dataset_of(product_keys.said(document), tables))))

    draw()
    return found


def judged(document, told):
    """Return what the library minds of a document that should not be minded."""
    fields = [len(one["field"]) for one in document["recordSet"]]
    if "fault" in told or (told["files"], told["fields"]) != (len(document["distribution"]), fields):
        return told
    return [line for line in told["warnings"] if not any(name in line for name in UNSAID)]


def main() -> int:
    """Play it; returns the exit code."""
    documents = drawn(int(sys.argv[1]) if len(sys.argv) > 1 else DRAWN)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = folder / "venv/bin/python"
        subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", LIBRARY]
        subprocess.run(install, check=True, timeout=WITHIN_SECONDS)
        paths = [folder / f"{number}.json" for number in range(len(documents))]
        for path, document in zip(paths, documents, strict=True):
            path.write_text(json.dumps(document), encoding="utf-8")
        command = [str(python), "-I", "-c", READER, *map(str, paths)]
        done = subprocess.run(command, check=True, timeout=WITHIN_SECONDS, capture_output=True, text=True)
    faults = [
        (document, fault)
        for document, line in zip(documents, done.stdout.splitlines(), strict=True)
        if (fault := judged(document, json.loads(line)))
    ]
    for document, fault in faults[:3]:
        sys.stdout.write(f"{json.dumps(document, ensure_ascii=False)}\n  {fault}\n")
    sys.stdout.write(f"{LIBRARY}: {len(documents) - len(faults)} passed, {len(faults)} failed\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
