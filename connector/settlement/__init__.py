"""Money at its end: channels followed, claimed and closed on chain, disputes and their rulings."""
