"""generator: two years of three invented companies, drawn from a seed, day by day."""
