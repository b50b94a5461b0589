"""A labelled set, made from a seed, and what the matcher reaches on it. Pure: no Django."""
