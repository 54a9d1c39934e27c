"""What docker/ says: its form by the tools made for it, and the rules that no tool knows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deployment import files
from tests.deployment.files import DOCKER
from tests.deployment.locks import ROOT

BIN = Path(sys.executable).parent
ONCE = {"prepare"}
THIRD_PARTY = {"nginx", "postgres", "valkey"}
SERVICES = files.compose()["services"]
NETWORKS = files.compose()["networks"]
CODE = (
    *("accounts", "hematovision", "mlcore", "predictions", "static", "templates"),
    *("manage.py", "pyproject.toml"),
)


def tool(*command):
    done = subprocess.run([BIN / command[0], *command[1:]], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_dockerfile_has_the_form_that_hadolint_wants():
    assert tool("hadolint", "--failure-threshold", "info", DOCKER / "Dockerfile") == (0, "")


def test_compose_file_fits_its_schema():
    status, said = tool(
        "check-jsonschema", "--builtin-schema", "vendor.compose-spec", DOCKER / "compose.yaml"
    )
    assert status == 0, said


@pytest.mark.parametrize("script", sorted(path.name for path in DOCKER.glob("*.sh")))
def test_scripts_are_programs(script):
    assert os.access(DOCKER / script, os.X_OK)
    assert subprocess.run(["sh", "-n", DOCKER / script], check=False).returncode == 0


@pytest.mark.parametrize("stage", ["web", "inference", "trainer"])
def test_image_runs_as_nobody_in_particular_and_says_how_it_is(stage):
    instructions = files.stages()[stage]
    words = [word for word, _rest in instructions]
    assert ("USER", "10001:10001") in instructions
    assert "HEALTHCHECK" in words
    assert not {"RUN", "ADD"} & set(words), "nothing is installed in the image that runs"
    assert "tensorflow" not in dict(instructions)["COPY"]


@pytest.mark.parametrize("name", SERVICES)
def test_service_has_the_least_rights(name):
    one = SERVICES[name]
    assert one["user"] not in {"", "root", "0"}
    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & set(one)
    assert set(one["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}


@pytest.mark.parametrize("name", SERVICES)
def test_service_is_watched(name):
    one = SERVICES[name]
    own = "test" in one.get("healthcheck", {})
    assert (
        own
        or name in ONCE
        or any(word == "HEALTHCHECK" for word, _rest in files.stages()[one["build"]["target"]])
    )


@pytest.mark.parametrize("name", sorted(THIRD_PARTY))
def test_image_of_others_is_a_named_version(name):
    tag = SERVICES[name]["image"].partition(":")[2]
    assert tag[:1].isdigit()


def test_only_nginx_is_reached_from_elsewhere():
    assert {name for name, about in NETWORKS.items() if not about.get("internal")} == {"outside", "away"}
    assert {name for name, one in SERVICES.items() if "away" in one["networks"]} == {"courier"}
    for name, one in SERVICES.items():
        assert ("ports" in one) == ("outside" in one["networks"]) == (name == "nginx")


def test_workers_reach_database_and_broker_and_nothing_else_inside():
    sides = {side: {name for name, one in SERVICES.items() if side in one["networks"]} for side in NETWORKS}
    stores, web = {"postgres", "valkey"}, {"web-a", "web-b"}
    assert SERVICES["trainer"]["networks"] == ["work"]
    assert sides["work"] == set(SERVICES) - web - {"nginx"}
    assert sides["inside"] == stores | web
    assert sides["front"] == {"nginx"} | web


def test_secrets_are_files_for_those_who_need_them():
    holders = {
        secret: {name for name, one in SERVICES.items() if secret in one.get("secrets", [])}
        for secret in files.compose()["secrets"]
    }
    assert holders["database_owner_url"] == {"prepare"}
    assert holders["superuser_password"] == {"postgres"}
    assert holders["tls_key"] == {"nginx"}
    for one in SERVICES.values():
        for variable, value in one.get("environment", {}).items():
            if any(word in variable for word in ("SECRET", "PASSWORD", "_URL")):
                assert variable.endswith("_FILE"), variable
                assert value.startswith("/run/secrets/")


def test_secrets_are_made_once_and_at_random(tmp_path):
    for folder in ("one", "two"):
        subprocess.run([DOCKER / "secrets.sh", tmp_path / folder], check=True, capture_output=True)
    first = {path.name: path.read_text() for path in (tmp_path / "one").iterdir()}
    assert set(first) == set(files.compose()["secrets"]) - {"tls_certificate", "tls_key"}
    assert all(first[name] != (tmp_path / "two" / name).read_text() for name in first)
    assert len(first["secret_key"]) == 128
    assert first["app_password"] in first["database_url"]
    assert (tmp_path / "one").stat().st_mode & 0o777 == 0o700
    subprocess.run([DOCKER / "secrets.sh", tmp_path / "one"], check=True, capture_output=True)
    assert {path.name: path.read_text() for path in (tmp_path / "one").iterdir()} == first


def test_addresses_of_nginx_are_those_of_compose():
    text = (DOCKER / "nginx" / "nginx.conf").read_text()
    for name in ("web-a", "web-b"):
        assert f"server {SERVICES[name]['networks']['front']['ipv4_address']}:8000 " in text
    proxy = SERVICES["nginx"]["networks"]["front"]["ipv4_address"]
    assert SERVICES["web-a"]["environment"]["FORWARDED_ALLOW_IPS"] == proxy


def test_nothing_but_what_runs_comes_into_an_image():
    lines = (DOCKER / "Dockerfile.dockerignore").read_text().splitlines()
    first, *taken = [line for line in lines if line.startswith(("*", "!")) and line != "**/__pycache__"]
    assert first == "*", "a dump that lies beside the code would be in every image"
    assert all(list(ROOT.glob(line.removeprefix("!"))) for line in taken)
    copied = [rest.split()[0] for about in files.stages().values() for word, rest in about if word == "COPY"]
    locks = {source for source in copied if source.startswith(("docker/", "requirements"))}
    assert locks == {"docker/requirements-web.txt", "docker/requirements-inference.txt", "requirements.txt"}
    for needed in (*CODE, *locks):
        assert any(Path(needed).match(line.removeprefix("!")) for line in taken), needed


def test_database_is_ready_when_others_reach_it():
    """While its roles are being made it answers on its socket alone; what starts then would fail."""
    check = SERVICES["postgres"]["healthcheck"]["test"]
    assert check[check.index("-h") + 1] == "127.0.0.1"


def test_no_part_makes_as_many_threads_as_the_machine_has_cores():
    given = dict(pair.split("=", 1) for pair in dict(files.stages()["portal"])["ENV"].split())
    count = "import numpy.linalg, os; print(len(os.listdir('/proc/self/task')))"
    env = {name: value for name, value in given.items() if name.endswith("_THREADS")}
    done = subprocess.run([sys.executable, "-c", count], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"
    nginx = (DOCKER / "nginx" / "nginx.conf").read_text()
    workers = re.search(r"^worker_processes (\S+);", nginx, re.MULTILINE)[1]
    assert int(workers) < SERVICES["nginx"]["deploy"]["resources"]["limits"]["pids"]


def test_training_is_cut_off_before_its_container():
    trainer = SERVICES["trainer"]
    allowed = int(trainer["deploy"]["resources"]["limits"]["memory"].removesuffix("G")) * 1024
    # The worker beside it takes up to half a gigabyte.
    assert int(trainer["environment"]["TRAINING_MAX_MB"]) <= allowed - 512


def test_two_processors_are_enough_for_every_service():
    """An engine refuses to make a container that may have more than the machine has."""
    for name, one in SERVICES.items():
        assert float(one["deploy"]["resources"]["limits"]["cpus"]) <= 2, name


@pytest.mark.parametrize("name", SERVICES)
def test_logs_are_lines_for_programs_and_never_fill_the_disk(name):
    one = SERVICES[name]
    assert {"max-size", "max-file"} <= set(one["logging"]["options"])
    assert name in THIRD_PARTY or one["environment"]["LOG_JSON"] == "yes"


@pytest.mark.parametrize("name", ["web-a", "web-b"])
def test_a_request_under_way_is_answered_before_its_server_goes(name):
    grace = int(SERVICES[name]["environment"]["WEB_GRACE_SECONDS"])
    assert grace > 60, "as long as proxies wait"
    assert int(SERVICES[name]["stop_grace_period"].removesuffix("s")) > grace


def test_number_of_inference_workers_outlives_an_upgrade():
    """A number on a command line is forgotten by the next ``up``."""
    assert SERVICES["inference"]["deploy"]["replicas"].startswith("${INFERENCE_WORKERS:-")
