"""API of how facts arrive: how connections are doing, and asking them to be read."""
