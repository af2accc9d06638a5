"""Streams of what grows: read, cut into sealed batches, and their keys given to those who may have them."""
