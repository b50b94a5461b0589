"""Which values of a series are not what it leads one to expect. Pure: no Django, no database."""
