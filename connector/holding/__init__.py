"""Who keeps editions for others: carriers, what they serve, what they collect."""
