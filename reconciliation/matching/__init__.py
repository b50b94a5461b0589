"""Who paid what: a matcher of bank lines and open items. Pure: no Django, no database (see README.md)."""
