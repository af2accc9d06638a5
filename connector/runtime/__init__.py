"""The ground of a process: errors, limits, settings, files, the clock, and the ids of requests with their spans."""
