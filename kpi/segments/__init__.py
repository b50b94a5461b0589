"""Who buys how recently, how often and for how much, and what to expect of them. Pure: no Django, no database."""
