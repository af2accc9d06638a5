"""The participant's one HTTP surface: a route table, proven callers, thin handlers."""
