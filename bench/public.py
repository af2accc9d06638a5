"""How many public policies are read here, and why the others are not.

`python -m bench.public FOLDER…`

A folder holds repositories as they were fetched. Every JSON object in a `.json` or `.jsonld` file that says
permissions, prohibitions or obligations counts as a policy, also inside other documents (policy definitions, offers,
requests), with the context of the document around it; a JSON schema is none. Each is parsed, explained in both
languages and compiled; what is refused is counted by its code, with the words met most often. Nothing of them is kept.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from policy.compile import compile_policy
from policy.errors import PolicyError
from policy.forms.document import read
from policy.parse import parse
from policy.words.speak import explain

if TYPE_CHECKING:
    from collections.abc import Iterator

RULES: Final = ("permission", "prohibition", "obligation")
PREFIXES: Final = ("", "odrl:", "http://www.w3.org/ns/odrl/2/")
NAMES: Final = frozenset(prefix + name for prefix in PREFIXES for name in RULES)
WORDS_SHOWN: Final = 6


def policies(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the policies of a file; a file that is no JSON has none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError, RecursionError):
        return
    waiting = [(document, None)]
    while waiting:
        one, context = waiting.pop()
        if isinstance(one, list):
            waiting += [(inner, context) for inner in one]
        elif isinstance(one, dict) and "$schema" not in one:
            context = one.get("@context", context)
            if NAMES & one.keys():
                yield one if context is None or "@context" in one else {"@context": context, **one}
            else:
                waiting += [(inner, context) for name, inner in one.items() if name != "@context"]


def refusal(policy: dict[str, Any]) -> PolicyError | None:
    """Return why a policy is not read, None where it is."""
    try:
        made = parse(read(json.dumps(policy).encode()))
        compile_policy(made)
    except PolicyError as error:
        return error
    for language in ("en", "zh"):
        assert explain(made, language), "what is read is said"
    return None


def main() -> None:
    """Count, and print a row for each folder, then the reasons."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+", type=Path)
    found, reasons, words = Counter[tuple[str, bool]](), Counter[str](), Counter[str]()
    for folder in parser.parse_args().folders:
        seen = set()
        for path in sorted(folder.rglob("*.json*")):
            for policy in policies(path):
                text = json.dumps(policy, sort_keys=True)
                if text in seen:
                    continue
                seen.add(text)
                refused = refusal(policy)
                found[folder.name, refused is None] += 1
                if refused is not None:
                    reasons[refused.code] += 1
                    words[f"{refused.code}: {re.sub(r'`[^`]{60,}`', '`…`', refused.problem)}"] += 1
        print(
            f"{folder.name}: {found[folder.name, True]} of {found[folder.name, True] + found[folder.name, False]} read"
        )
    for code, count in reasons.most_common():
        print(f"  {code}: {count}")
    for text, count in words.most_common(WORDS_SHOWN * 4):
        print(f"    {count} times {text[:160]}")


if __name__ == "__main__":
    main()
