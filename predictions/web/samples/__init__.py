"""Pages of samples: the worklist, registering, and the page where cells are reviewed."""
