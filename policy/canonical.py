"""The canonical form of a policy document (RFC 8785), and its digest: what pins a parent and binds an expansion."""

from __future__ import annotations

import hashlib

import rfc8785

from policy.errors import PolicyError

DIGEST = "sha-256:"


def canonical(document: object, path: str = "") -> str:
    """Return the canonical JSON of a document; PolicyError at `path` if it has none."""
    try:
        return rfc8785.dumps(document).decode()  # type: ignore[arg-type]  # what is no JSON is refused here
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise PolicyError("bad-value", path, f"the document has no canonical JSON form: {error}") from error
    except RecursionError as error:
        raise PolicyError("too-large", path, "the document is nested too deep") from error


def digest(document: object) -> str:
    """Return the name of a document by its content: `sha-256:` and the hex digest of its canonical form."""
    return DIGEST + hashlib.sha256(canonical(document).encode()).hexdigest()
