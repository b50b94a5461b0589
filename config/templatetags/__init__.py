"""Template tags of the whole product: numbers, icons, the shell."""
