"""Back-ups of a participant, and its way back from one."""
