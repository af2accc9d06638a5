"""What can be wrong with a policy, a request or a world as it was written.

    PolicyError   the author of the document is at fault; nothing was decided
    UntoldError   a comparison would be a guess, or too much work; nobody is at fault

A decision that goes against the asker is no error: it is a Decision with its reasons.
"""

from __future__ import annotations


class PolicyError(Exception):
    """A document that cannot be read as what it claims to be.

    `code` is a stable word of CODES, `path` a JSON pointer into the document ("" is the document itself), `problem`
    says what was given, `hint` what to write instead.
    """

    def __init__(self, code: str, path: str, problem: str, hint: str = "") -> None:
        assert code in CODES, code
        self.code = code
        self.path = path
        self.problem = problem
        self.hint = hint
        where = f" at `{path}`" if path else ""
        super().__init__(f"{problem}{where}{': ' if hint else ''}{hint}")


class UntoldError(Exception):
    """Something that a comparison of policies cannot tell; the message says what, in words for the reader."""


CODES = frozenset(
    {
        "bad-type",  # a JSON value of the wrong kind
        "missing",  # a required member is absent
        "bad-syntax",  # neither JSON nor Turtle as they are read here
        "unknown-term",  # a key, action, operand, operator or class that no table knows
        "unsupported",  # ODRL knows it, this engine does not yet, so the policy is refused rather than widened
        "misplaced",  # known, but not in this place
        "bad-value",  # a right operand that cannot be read as its operand's type
        "no-time-zone",  # an instant without a zone is not an instant
        "unknown-purpose",  # not in the purpose scheme
        "unknown-region",  # neither an ISO 3166 code nor an absolute IRI
        "unknown-profile",  # a profile other than ours
        "unknown-context",  # a JSON-LD context that could give the terms another meaning
        "duplicate",  # two rules, duties or constraints under one id; or one key written twice
        "contradiction",  # a rule names another target or party than its policy
        "too-large",  # a limit of limits in parse.py is exceeded
    }
)
