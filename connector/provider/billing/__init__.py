"""Orders and bills: what was bought and sold, from the quote to the settlement, and what it came to."""
