"""The shapes of answers, a file for each part of the command line; their words are in `connector.cli.answers`."""
