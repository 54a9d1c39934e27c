"""A task for the tests alone: a live worker's child tells which modules it has loaded."""

import json
import os
import sys

from celery import current_app

from hematovision.core.workers import client
from mlcore.serving import loader


@current_app.task(name="tests.loaded_modules", ignore_result=True)
def loaded_modules(key):
    """Load the model, read nothing, and leave the names of all loaded modules in Redis."""
    told = {"pid": os.getpid(), "version": loader.current().version.version, "modules": sorted(sys.modules)}
    client().rpush(key, json.dumps(told))
