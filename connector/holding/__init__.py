"""What holders of editions do: keep, mend and collect them, and carry them for others."""
