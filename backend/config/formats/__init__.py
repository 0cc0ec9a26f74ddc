"""How dates are written out in sentences."""
