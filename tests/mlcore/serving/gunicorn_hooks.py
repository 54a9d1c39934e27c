"""A gunicorn configuration for the tests alone: after each request the worker tells what it has loaded."""

import json
import os
import sys
from pathlib import Path


def post_request(_worker, _request, _environ, _response):
    """Write the names of all loaded modules, whole or not at all."""
    target = Path(os.environ["HV_LOADED_MODULES"])
    draft = target.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(sorted(sys.modules)))
    draft.rename(target)
