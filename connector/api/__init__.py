"""What a participant answers: the protocols, management and console, by one table of routes."""
