"""A bundle enters the registry whole, once, and with its event in the log; or not at all."""

import shutil
from io import StringIO

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command

from accounts.audit.models import AuditEvent
from mlcore.engine.bundle import read_bundle
from mlcore.registry import services
from mlcore.registry.models import ModelState, ModelVersion
from mlcore.registry.promotion import promotion_override, roll_back
from mlcore.registry.services import BundleRefused
from tests.accounts.factories import PersonFactory
from tests.mlcore.conftest import largest_file, renamed

pytestmark = pytest.mark.django_db


def test_it_copies_what_it_verified_and_lists_it(model_root, shipped):
    admin = PersonFactory(admin=True)
    version = services.register_bundle(directory=shipped, actor=admin)
    copy, original = read_bundle(model_root / version.location), read_bundle(shipped)
    assert copy.identity == original.identity
    assert copy.contents == original.contents
    assert version.location == version.sha256 == original.identity.sha256
    assert version.labels == list(original.labels)
    assert version.state == ModelState.CANDIDATE
    event = AuditEvent.objects.get(event="model.registered")
    assert (event.actor, event.subject_id) == (admin, str(version.pk))
    assert event.detail["sha256"] == version.sha256


def test_again_it_is_the_same_version_and_no_second_event(model_root, shipped):
    first = services.register_bundle(directory=shipped, actor=None)
    again = services.register_bundle(directory=shipped, actor=None)
    assert first == again
    assert ModelVersion.objects.count() == AuditEvent.objects.filter(event="model.registered").count() == 1
    assert [folder.name for folder in model_root.iterdir()] == [first.location]


def test_again_it_mends_a_damaged_copy(model_root, shipped):
    version = services.register_bundle(directory=shipped, actor=None)
    largest_file(model_root / version.location).write_bytes(b"damaged")
    services.register_bundle(directory=shipped, actor=None)
    assert read_bundle(model_root / version.location).identity.sha256 == version.sha256
    assert [folder.name for folder in model_root.iterdir()] == [version.location]


@pytest.mark.parametrize("harm", ["altered", "missing", "manifest", "empty"])
def test_a_bundle_that_is_not_whole_is_refused(model_root, second, harm):
    match harm:
        case "altered":
            path = largest_file(second)
            content = bytearray(path.read_bytes())
            content[len(content) // 2] ^= 1
            path.write_bytes(content)
        case "missing":
            largest_file(second).unlink()
        case "manifest":
            (second / "manifest.json").write_text("{}")
        case "empty":
            shutil.rmtree(second)
    with pytest.raises(BundleRefused):
        services.register_bundle(directory=second, actor=None)
    assert not ModelVersion.objects.exists()
    assert not AuditEvent.objects.exists()
    assert not model_root.exists() or not list(model_root.iterdir())


def test_only_those_who_manage_models_may(model_root, shipped):
    with pytest.raises(PermissionDenied, match="doctor"):
        services.register_bundle(directory=shipped, actor=PersonFactory(doctor=True))
    assert not ModelVersion.objects.exists()


def test_the_command_makes_the_shipped_bundle_active_once(model_root, shipped):
    for _ in range(2):
        output = StringIO()
        call_command("register_model", stdout=output)
        assert "active" in output.getvalue()
    assert ModelVersion.objects.get().state == ModelState.ACTIVE
    assert AuditEvent.objects.filter(event="model.promoted").count() == 1


def test_the_command_lists_a_folder_as_a_candidate(active, second):
    output = StringIO()
    call_command("register_model", str(second), stdout=output)
    assert "second" in output.getvalue()
    assert ModelVersion.objects.get(version="second").state == ModelState.CANDIDATE


def test_the_command_says_in_one_sentence_what_is_wrong(model_root, tmp_path):
    with pytest.raises(CommandError, match=r"manifest\.json"):
        call_command("register_model", str(tmp_path))


def test_a_newer_release_replaces_the_shipped_model_of_an_earlier_one(active, tmp_path):
    newer = services.ship(renamed(tmp_path / "newer", "newer"))
    active.refresh_from_db()
    assert (newer.state, active.state) == (ModelState.ACTIVE, ModelState.RETIRED)


def test_a_newer_release_does_not_replace_a_model_that_an_admin_chose(active, candidate, tmp_path):
    reason = "It names our own smears better."
    promotion_override(version=candidate.pk, reason=reason, actor=PersonFactory(admin=True))
    newer = services.ship(renamed(tmp_path / "newer", "newer"))
    candidate.refresh_from_db()
    assert (newer.state, candidate.state) == (ModelState.CANDIDATE, ModelState.ACTIVE)


def test_a_step_back_to_an_earlier_release_survives_a_restart(active, tmp_path):
    release = renamed(tmp_path / "newer", "newer")
    services.ship(release)
    roll_back(actor=PersonFactory(admin=True))
    services.ship(release)
    active.refresh_from_db()
    assert active.state == ModelState.ACTIVE
