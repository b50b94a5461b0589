"""sync: how facts arrive. What upstream systems said, and one row per attempt to hear it."""
