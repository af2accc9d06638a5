"""`python -m docs.generate`: write what docs/ and README.md take from the program's own tables."""

from __future__ import annotations

from docs.generate import pages

pages.write()
