"""Settings for each environment: ``prod`` is what runs, ``dev`` and ``test`` loosen what they must."""
