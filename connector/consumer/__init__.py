"""What a buyer gets: an agreement and a channel, sealed bytes by any road, keys window by window, plaintext."""
