"""Loads all of an image's code where only the packages of its lock can be imported.

``python -m tests.deployment.only web`` in a process of its own: what is not in the lock is as if it were not
installed, so a library that does without an optional package shows that it does.
"""

# ruff: noqa: PLC0415, T201 -- what is imported, and when, is what this module is about

import importlib
import importlib.metadata
import re
import sys

from tests.deployment import locks


def plain(name):
    """Return a distribution's name as locks write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


class Only:
    """Hides every package of a distribution that is not allowed."""

    def __init__(self, allowed):
        self.hidden = {
            package
            for package, owners in importlib.metadata.packages_distributions().items()
            if not {plain(owner) for owner in owners} & allowed
        }

    def find_spec(self, name, _path=None, _target=None):
        if name in self.hidden and name != "tests":
            raise ModuleNotFoundError(f"No module named {name!r} in this image", name=name)


def load_web():
    """Load what gunicorn serves: settings, apps, every view behind every address; and what runs before it."""
    importlib.import_module("hematovision.wsgi")
    from django.core.checks import run_checks
    from django.urls import get_resolver

    def walk(patterns):
        for pattern in patterns:
            if hasattr(pattern, "url_patterns"):
                walk(pattern.url_patterns)

    walk(get_resolver().url_patterns)
    run_checks()
    importlib.import_module("hematovision.supervisor.prepare")
    importlib.import_module("hematovision.supervisor.alive")


def load_inference():
    """Load what a worker runs, and read a drawn smear with the model of the repository."""
    from hematovision.celery import app

    app.loader.import_default_modules()
    importlib.import_module("hematovision.supervisor.alive")
    from mlcore.engine.bundle import SHIPPED_BUNDLE
    from mlcore.engine.images import read_image
    from mlcore.engine.runtime import load_predictor
    from predictions.synthetic import draw_field

    smear = draw_field(7, labels=["neutrophil"]).encoded()
    found = load_predictor(SHIPPED_BUNDLE).predict(read_image(smear))
    assert found.cells, "the model reads the drawn smear"


if __name__ == "__main__":
    image = sys.argv[1]
    sys.meta_path.insert(0, Only(locks.names(locks.of_image(image))))
    {"web": load_web, "inference": load_inference}[image]()
    print(*sorted({name.partition(".")[0] for name in sys.modules}))
