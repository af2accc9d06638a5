"""The verifiable log: entries, tree and tiles, signed heads, their witnesses, and what proves an entry."""
