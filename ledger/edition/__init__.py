"""The sealed edition: its header and rows, how a piece is sealed, masked, reviewed and opened."""
