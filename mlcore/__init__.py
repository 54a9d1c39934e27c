"""Models: the engine that reads smears, the registry of its versions, training and serving."""
