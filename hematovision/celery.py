"""The Celery application: where the workers start and find the tasks of every app."""

import contextlib
import os
import signal
from typing import Any

from celery import Celery
from celery.signals import task_prerun, worker_process_init

from hematovision.supervisor.process import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hematovision.settings.prod")
# Celery would run Django's checks in each worker and drop what they say; they load every page's code.
os.environ.setdefault("CELERY_SKIP_CHECKS", "yes")


def application(tasks: str) -> Celery:
    """Return an application that finds its tasks in the modules called ``tasks`` of every app."""
    made = Celery("hematovision")
    made.config_from_object("django.conf:settings", namespace="CELERY")
    made.autodiscover_tasks(related_name=tasks)
    made.on_after_configure.connect(leave_marks)
    return made


def leave_marks(**_: object) -> None:
    """Connect the signs of life before a worker or the scheduler starts."""
    from hematovision.core import workers  # noqa: F401, PLC0415 -- its import connects them, once settings are there


app = application("tasks")
app.autodiscover_tasks(["mlcore.training", "mlcore.serving"])


@worker_process_init.connect
def end_with_worker(**_: object) -> None:
    """End each child when its worker is killed; its job's lease runs out and another child takes the job."""
    die_with_parent(signal.SIGKILL)


@worker_process_init.connect
def warm_up(**_: object) -> None:
    """Load the model in each child of an inference worker, so that the first smear does not wait for it."""
    from hematovision.core import workers  # noqa: PLC0415 -- needs the settings, which this module names
    from hematovision.core.errors import PortalError  # noqa: PLC0415 -- as above
    from mlcore.serving import loader  # noqa: PLC0415 -- as above

    if workers.INFERENCE in workers.roles(app):
        # Without a model the worker lives and the jobs wait; /healthz and the next job say why.
        with contextlib.suppress(PortalError):
            loader.current()


@task_prerun.connect
def follow_the_request(task: Any, **_: object) -> None:
    """Let the lines that a task logs carry the identifier of the request that asked for it."""
    from hematovision.core import tracing  # noqa: PLC0415 -- needs the settings, which this module names

    # A message's own headers become attributes of the request; a task called directly keeps them apart.
    request = task.request
    given = getattr(request, "request_id", None) or (request.headers or {}).get("request_id")
    tracing.follow(str(given or ""))


@task_prerun.connect
def drop_dead_connections(**_: object) -> None:
    """Close a database connection that is too old, and have the others tried before they are used."""
    from django.db import close_old_connections  # noqa: PLC0415 -- needs the settings, which this module names

    close_old_connections()
