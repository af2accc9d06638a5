"""What an agreement allows while it runs: decided, counted, watched, cut, passed on."""
