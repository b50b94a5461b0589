"""Goals: what a number should be in a month, how far it is, and where its pace leads."""
