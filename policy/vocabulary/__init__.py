"""The vocabulary: every term this engine enforces is a row of a table here; a term without a row is refused by name."""
