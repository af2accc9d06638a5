"""A participant as its operator keeps it: made, backed up, restored, given new keys, watched."""
