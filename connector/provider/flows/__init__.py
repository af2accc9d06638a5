"""The provider's side of data flows: a plain product, given to whom a control plane says (decision 0177)."""
