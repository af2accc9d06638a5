"""What a participant answers: its protocols, its management, its console, by one table of routes."""
