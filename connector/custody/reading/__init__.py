"""A statement over what was opened, answered by a process of its own that can reach nothing else."""
