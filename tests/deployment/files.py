"""Reads what docker/ holds."""

import json
import re
from pathlib import Path

import yaml

DOCKER = Path(__file__).resolve().parents[2] / "docker"


def compose():
    """Return compose.yaml with its anchors and merges resolved."""
    return yaml.safe_load((DOCKER / "compose.yaml").read_text())


def stages():
    """Return name -> instructions, as (word, rest), of every stage of the Dockerfile."""
    text = (DOCKER / "Dockerfile").read_text().replace("\\\n", " ")
    found, stage = {}, None
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "FROM":
            stage = found.setdefault(re.search(r" AS (\S+)$", line)[1], [])
        elif stage is not None and word.isupper():
            stage.append((word, rest.strip()))
    return found


def entry(service):
    """Return the arguments for python with which a service of the portal starts."""
    about = compose()["services"][service]
    target = stages()[about["build"]["target"]]
    assert ("ENTRYPOINT", '["python", "-m"]') in stages()["portal"]
    command = about.get("command") or json.loads(dict(target)["CMD"])
    return ["-m", *command]
