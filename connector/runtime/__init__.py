"""The ground of a process: errors, limits, settings, files, the clock."""
