"""Which release this is; the package and every request say so."""

from typing import Final

VERSION: Final = "0.1.0"
