"""How a policy may be written: JSON-LD compact, prefixed, expanded or as a graph, or Turtle; all become one tree."""
