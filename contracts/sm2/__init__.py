"""SM2 signatures over SM3 digests (GB/T 32918, GB/T 32905): what is verified here, and what OpenSSL signs."""
