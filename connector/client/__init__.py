"""The typed client of one's own participant, for programs and notebooks: what the commands do, as calls."""
