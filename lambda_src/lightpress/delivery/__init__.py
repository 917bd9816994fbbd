"""How published variants are addressed, shown and announced."""
