"""API of facts: lists, single records, and a person's edits."""
