"""What the pages of the console show and its forms do, by the same calls as the management API."""
