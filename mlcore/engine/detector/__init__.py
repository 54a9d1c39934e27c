"""How the locator's network is made: pictures with boxes, targets, training, export and figures."""
