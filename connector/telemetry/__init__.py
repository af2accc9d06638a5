"""Requests by their id: spans, trace headers, lines of the log."""
