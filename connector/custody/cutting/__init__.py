"""The layouts of an edition: how each file is cut into pieces; one file for each layout."""
