"""What is done once before the parts start."""

import pytest
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder

from hematovision.supervisor.prepare import newer


@pytest.mark.django_db(databases=["owner"])
def test_data_of_a_newer_version_is_known_as_such():
    assert newer("owner") == []
    recorder = MigrationRecorder(connections["owner"])
    recorder.record_applied("predictions", "9999_of_tomorrow")
    # One that this version has squashed, and one of an app that is no longer there, are not newer.
    recorder.record_applied("predictions", "0001_of_yesterday")
    recorder.record_applied("left", "0001_initial")
    assert newer("owner") == ["predictions 9999_of_tomorrow"]
