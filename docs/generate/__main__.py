"""`python -m docs.generate`: write what docs/ takes from the program's own tables."""

from __future__ import annotations

from docs.generate.pages import made

for path, text in made().items():
    path.write_text(text, encoding="utf-8")
