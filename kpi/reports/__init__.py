"""Boards by e-mail: on occasions of the company's clock, once to each recipient, and what became of it."""
