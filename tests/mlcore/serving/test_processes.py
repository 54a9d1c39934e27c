"""What live processes have loaded: Celery finds tasks by itself, so only the process can tell."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from hematovision.celery import app

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]

HEAVY = {"tensorflow", "keras", "matplotlib", "sklearn"}


@pytest.fixture
def start(tmp_path):
    """Start real processes; whatever happens, none of them outlives the test."""
    started = []

    def start(*command, **env):
        log = (tmp_path / "process.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            env={**os.environ, **env},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def packages(modules):
    """Return the top-level packages among module names."""
    return {name.partition(".")[0] for name in modules}


def wait_for(answer, folder, seconds=90):
    """Ask until there is an answer; without one the process's last words say why."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := answer():
            return found
        time.sleep(0.2)
    pytest.fail((folder / "process.log").read_text()[-3000:])


@pytest.fixture
def model_root(settings, tmp_path):
    """The model folder where a process with ``HV_VAR=tmp_path`` looks for it."""
    settings.MODEL_ROOT = tmp_path / "models"
    return settings.MODEL_ROOT


def test_the_inference_worker_loads_the_model_in_its_child_without_tensorflow(
    active, start, broker, tmp_path
):
    broker.delete("inference", "test:modules")
    worker = start(
        *("celery", "-A", "hematovision", "worker", "-Q", "inference", "-c", "1", "-P", "prefork"),
        *("--include", "tests.mlcore.serving.modules_task", "--loglevel", "INFO"),
        HV_VAR=str(tmp_path),
    )
    app.send_task("tests.loaded_modules", args=["test:modules"], queue="inference", ignore_result=True)
    answer = wait_for(lambda: broker.lpop("test:modules"), tmp_path)
    told = json.loads(answer)
    assert told["pid"] != worker.pid
    assert told["version"] == active.version
    assert "ai_edge_litert" in packages(told["modules"])
    assert "predictions.tasks" in told["modules"]
    assert not HEAVY & packages(told["modules"])


def test_the_web_server_loads_no_network_library(active, start, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = tmp_path / "modules.json"
    start(
        *("gunicorn", "hematovision.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "2"),
        *("--worker-class", "gthread", "--no-control-socket"),
        *("--config", "python:tests.mlcore.serving.gunicorn_hooks"),
        HV_VAR=str(tmp_path),
        HV_LOADED_MODULES=str(told),
    )

    def asked():
        # Any answer will do, 503 included: resolving an address loads every view of the portal.
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).read()
        return told.exists()

    wait_for(asked, tmp_path)
    modules = json.loads(told.read_text())
    assert "predictions.api.views" in modules
    assert "mlcore.web.models" in modules
    assert not (HEAVY | {"ai_edge_litert"}) & packages(modules)
