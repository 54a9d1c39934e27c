"""The images' own locks: the same versions as the portal's, and everything that the images' code imports."""

import importlib.metadata
import subprocess
import sys
import tomllib

import grimp
import pytest

from tests.deployment import locks
from tests.deployment.only import plain

OURS = ("hematovision", "accounts", "mlcore", "predictions")
TRAINING = {"tensorflow", "tensorflow-cpu", "keras", "scikit-learn", "matplotlib", "h5py"}
EVERY_PROCESS = (
    *("hematovision.settings", "hematovision.core", "hematovision.celery", "hematovision.supervisor.part"),
    "hematovision.supervisor.alive",
    *("accounts.models", "accounts.audit", "mlcore.registry", "predictions.models"),
)
# Where each image enters the code. Views and tasks are found by name at run time: packages stand here whole.
# The scheduler runs the image of inference, since Celery loads every task's module there too.
ENTRIES = {
    "web": (
        *EVERY_PROCESS,
        *(
            "hematovision.wsgi",
            "hematovision.urls",
            "hematovision.dashboard",
            "hematovision.supervisor.prepare",
        ),
        *("accounts", "predictions.web", "predictions.api", "mlcore.web"),
        *("hematovision.courier", "predictions.errands"),
    ),
    "inference": (*EVERY_PROCESS, "predictions.tasks", "mlcore.serving", "mlcore.training.tasks"),
}
# The one import that a process of the web image holds and never makes: a worker's child loads the model.
NOT_IN_WEB = ("hematovision.celery", "mlcore.serving.loader")


@pytest.mark.parametrize("image", locks.IMAGES)
def test_lock_holds_the_portals_own_versions(image):
    whole, part = locks.pins(locks.ROOT / "requirements.txt"), locks.pins(locks.of_image(image))
    assert len(part) > 40
    for package, hashes in part.items():
        assert whole.get(package) == hashes, f"{package}: run script/lock"


@pytest.mark.parametrize("image", locks.IMAGES)
def test_lock_holds_nothing_that_only_a_training_needs(image):
    assert not TRAINING & locks.names(locks.of_image(image))
    assert TRAINING & locks.names(locks.ROOT / "requirements.txt") >= {"tensorflow-cpu", "keras"}


def test_groups_of_the_images_name_what_the_project_bounds():
    project = tomllib.loads((locks.ROOT / "pyproject.toml").read_text())
    bounded = {one.split(">=")[0] for one in project["project"]["dependencies"]}
    for group in ("images", "web", "inference"):
        named = {one for one in project["dependency-groups"][group] if isinstance(one, str)}
        assert named <= bounded, named - bounded


@pytest.fixture(scope="module")
def graph():
    return grimp.build_graph(*OURS, include_external_packages=True, exclude_type_checking_imports=True)


@pytest.mark.parametrize("image", locks.IMAGES)
def test_lock_holds_every_package_that_the_code_imports(image, graph):
    if image == "web":
        graph.remove_import(importer=NOT_IN_WEB[0], imported=NOT_IN_WEB[1])
    owners = importlib.metadata.packages_distributions()
    allowed, missing = locks.names(locks.of_image(image)), {}
    for entry in ENTRIES[image]:
        for module in graph.find_upstream_modules(entry, as_package=True):
            top = module.partition(".")[0]
            if top not in OURS and top in owners and not {plain(name) for name in owners[top]} & allowed:
                missing[module] = entry
    assert not missing, "add these to the image's group in pyproject.toml and run script/lock"


@pytest.mark.parametrize(
    ("image", "present", "absent"),
    [("web", "typst", "ai_edge_litert"), ("inference", "ai_edge_litert", "gunicorn")],
)
def test_code_runs_with_the_locks_packages_alone(image, present, absent):
    done = subprocess.run(
        [sys.executable, "-m", "tests.deployment.only", image],
        cwd=locks.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    loaded = done.stdout.split()
    assert present in loaded
    assert absent not in loaded
