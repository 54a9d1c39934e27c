"""The reading engine in pure Python: no Django, no database, usable from a notebook or a terminal."""
