"""What an operator sees of a running participant: requests by their id, measures, health, lines of its log."""
