"""Reading the files of strangers, in a process of its own that knows no secret and can be ended at any time.

Pure Python and Pillow: no Django, no database, no settings. ``decode`` is what is done with a file,
``__main__`` the process in which it is done, ``process`` the handle that the portal has on it.
"""
