"""What a space of a given size needs: what was measured, a year of each role, and the next walls."""
