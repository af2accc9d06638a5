"""What is settled at the end: channels followed and closed on chain, and disputes."""
