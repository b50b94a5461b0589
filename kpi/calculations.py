"""Pure calculations over frozen rows: comparisons, shares, like-for-like changes."""
