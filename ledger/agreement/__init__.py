"""One agreement as a file that carries what proves it: its licence, its trade, its bill."""
