"""csv: statements as tables of text, in the shapes that Brazilian banks and payment companies export."""
