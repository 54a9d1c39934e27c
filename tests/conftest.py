"""Fixtures for every test: the database, an empty cache, the real image sets, a browser."""

import os
import shutil

import pytest
import redis
from django.conf import settings
from django.core.servers.basehttp import WSGIRequestHandler
from hypothesis import settings as drawing
from xdist.scheduler import LoadScopeScheduling

from mlcore.engine.manifest import data_root
from tests import database

# How long a drawn case takes says how busy the machine is, not whether the code is right.
drawing.register_profile("unhurried", deadline=None)
drawing.load_profile("unhurried")


def pytest_addoption(parser):
    """Let people try the API more deeply than every run of the tests has time for."""
    parser.addoption(
        "--api-examples",
        type=int,
        default=0,
        help="as each role, try every address of the API in every way, with so many made-up requests each",
    )


@pytest.fixture(scope="session")
def django_db_setup(request, django_test_environment, django_db_blocker):
    """Make the test database as the owner; tests then work with the application's few rights."""
    if "owner" not in settings.DATABASES:
        pytest.exit("DATABASE_OWNER_URL is not set: only the owner can make the test database.", 3)
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    with django_db_blocker.unblock():
        original = settings.DATABASES["owner"]["NAME"]
        database.create(worker)
        database.teach_transactional_tests()
    yield
    with django_db_blocker.unblock():
        database.destroy(original)


@pytest.fixture(scope="session", autouse=True)
def prompt_live_server():
    """Let the live server send at once: otherwise each body waits 40 ms for word that the headers came."""
    WSGIRequestHandler.disable_nagle_algorithm = True


@pytest.fixture(scope="session")
def broker():
    """A client of the Redis database of this run."""
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        yield client


@pytest.fixture(autouse=True)
def empty_cache(broker):
    """Forget rate limits and the like; queues and heartbeats of live workers stay."""
    if keys := list(broker.scan_iter("hv:*", count=1000)):
        broker.delete(*keys)


@pytest.fixture(scope="session")
def image_sets():
    """The folder of real image sets."""
    folder = data_root()
    if folder is None:
        pytest.skip("there are no real image sets: HEMATOVISION_DATA names none, nor is there ../shared/data")
    return folder


@pytest.fixture(scope="session")
def chromium():
    """The path of an installed Chromium."""
    for name in (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"):
        if name and (path := shutil.which(name)):
            return path
    pytest.skip("no Chromium found; install it or set CHROMIUM to its path")


class Together(LoadScopeScheduling):
    """Gives a module's tests to one worker, and all of the browser's that share one running portal."""

    def _split_scope(self, nodeid):
        # The test of the idle warning has a portal of its own, and mostly waits.
        shares = nodeid.startswith("tests/browser/") and "test_idle" not in nodeid
        return "tests/browser" if shares else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config, log):
    """Share the tests out by ``Together``, whatever ``--dist`` says."""
    return Together(config, log)


def pytest_collection_modifyitems(items):
    """Begin with the slow modules, so that no worker is left alone with one of them at the end."""
    slow = ("data", "processes", "browser")
    ranks = {}
    for item in items:
        rank = max((place for place, mark in enumerate(slow, 1) if item.get_closest_marker(mark)), default=0)
        ranks[item.path] = max(rank, ranks.get(item.path, 0))
    items.sort(key=lambda item: -ranks[item.path])
