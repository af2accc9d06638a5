"""The command line: one file a verb; most verbs are calls to the participant's own server."""
