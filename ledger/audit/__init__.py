"""The regulator's audit: from chain and logs alone, trusting none of the parties."""
