"""The engine's command line: ``python -m mlcore.engine``; it needs no database and no Django."""

from __future__ import annotations

import sys

from mlcore.engine.cli import main

if __name__ == "__main__":
    sys.exit(main())
