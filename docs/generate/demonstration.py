"""`python -m docs.generate.demonstration`: docs/demo.svg, what one run of the demo printed, as a terminal shows it.

The lines are those of a real run; the picture asks nobody for a font, so it may be shown anywhere.
"""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

from rich.console import Console
from rich.text import Text

from connector.demo.run import run

PICTURE = Path(__file__).resolve().parents[2] / "docs/demo.svg"
COLUMNS = 146
COMMAND = "$ make demo"
FORMAT = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<title>What make demo prints</title>
<style>
.{unique_id}-matrix {{ font: {char_height}px/{line_height}px ui-monospace, monospace; }}
.{unique_id}-title {{ font: bold 18px sans-serif; }}
{styles}
@media (prefers-color-scheme: dark) {{ svg > rect {{ stroke: #9aa5b1; }} }}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>"""
# how a line begins → how it is shown
SHOWN = {"ok": "green", "all": "bold", "$": "bold"}


def drawn(lines: list[str]) -> str:
    """Return a picture of these lines; of those that explain a step, what begins with blanks, none are shown."""
    screen = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    for line in (COMMAND, *lines):
        first = line.split(maxsplit=1)[0] if line and not line[0].isspace() else ""
        if first in SHOWN:
            text = Text(line)
            text.stylize(SHOWN[first], 0, len(first) if first == "ok" else len(line))
            screen.print(text)
    return screen.export_svg(title="penstock", code_format=FORMAT, unique_id="demo")


if __name__ == "__main__":
    outcome = asyncio.run(run(keep=False, seed=None, folder=None, say=print))
    if not outcome.held:
        raise SystemExit("\n".join(outcome.lines))
    PICTURE.write_text(drawn(outcome.lines) + "\n", encoding="utf-8")
