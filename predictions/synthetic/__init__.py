"""Draws smear fields for tests, the demo and the documentation, since no real picture is in the repository.

Dye absorbs light, so every shape multiplies what lies below it (Beer and Lambert's law): overlapping red
cells darken as they do under a microscope. Proportions follow Bain, Blood Cells, 6th ed. 2021: a red cell
is 7.5 um wide, a neutrophil 13 um, a monocyte up to 20 um. A picture is the same for the same seed and
says "SYNTHETIC" in its corner.
"""

from predictions.synthetic.cells import DrawnCell
from predictions.synthetic.field import SyntheticField, draw_field, draw_overlapping

__all__ = ["DrawnCell", "SyntheticField", "draw_field", "draw_overlapping"]
