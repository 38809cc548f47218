"""How exact the activations are: their formulas in mpmath, errors, other libraries."""
