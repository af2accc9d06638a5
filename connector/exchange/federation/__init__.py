"""Products of elsewhere: sources that an exchange harvests, what it takes in, and what it tells in its turn."""
