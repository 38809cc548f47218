"""How values and derivatives come out right to the last digits: one file per method."""
