"""The list of what the portal is made of."""

import json
import subprocess
import sys

import pytest

from tests.deployment import locks

LOCKS = ["requirements.txt", "docker/requirements-web.txt", "docker/requirements-inference.txt"]


def made(folder, lock):
    file = folder / "sbom.json"
    subprocess.run(
        [sys.executable, locks.ROOT / "script" / "sbom", file, lock], check=True, capture_output=True
    )
    return file.read_text()


@pytest.mark.parametrize("lock", LOCKS)
def test_sbom_is_valid_and_names_every_package_of_the_lock(tmp_path, lock):
    # Its import works out grammars for seconds, which whoever only lists the tests need not wait for.
    from cyclonedx.schema import SchemaVersion  # noqa: PLC0415 -- see above
    from cyclonedx.validation.json import JsonStrictValidator  # noqa: PLC0415 -- see above

    text = made(tmp_path, lock)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    told = json.loads(text)
    assert told["metadata"]["component"]["name"] == "hematovision"
    listed = {(one["name"], one["version"]): one for one in told["components"]}
    assert set(listed) == {(name, version) for name, version, _marker in locks.pins(locks.ROOT / lock)}
    for (name, version, _marker), hashes in locks.pins(locks.ROOT / lock).items():
        one = listed[name, version]
        assert one["purl"] == f"pkg:pypi/{name}@{version}"
        kept = {found["content"] for reference in one["externalReferences"] for found in reference["hashes"]}
        assert {entry.rpartition(":")[2] for entry in hashes} <= kept


def test_same_lock_gives_the_same_file(tmp_path):
    assert made(tmp_path, LOCKS[1]) == made(tmp_path, LOCKS[1])
