"""advbox: customers and financial entries of the Advbox system for law offices."""
