"""The participant: the shell that does the I/O around the four pure rooms."""
