"""No field beyond a form's own can be written.

Every address that writes is asked twice, from the same rows: with its own fields alone, and with those and
every other field that any row of the portal has. Afterwards the same rows must hold the same. ``OWN`` says
which fields are whose, so a form that takes one more fails here until somebody has written it down.
"""

import datetime as dt
import io
import re
import zipfile

import pytest
from django.apps import apps
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models, transaction
from django.test import Client
from django.urls import reverse

from mlcore.registry.models import ModelVersion
from predictions.models import CellType, Sample
from predictions.services.catalogue import fingerprint
from tests.accounts.factories import PASSWORD
from tests.authorisation.test_matrix import MATRIX, ROUTES, world  # noqa: F401 -- a fixture
from tests.predictions import hostile
from tests.predictions.web.test_laboratory import filled

APPS = ("accounts", "audit", "predictions", "registry")
WRITES = [
    line
    for line in MATRIX
    if line["method"] in {"POST", "PATCH"}
    # Of people, an admin changes others than themselves.
    and (line["object"] in {"own", "any", "-"}) != (line["address"] == "people/<uuid:person_id>/")
    and line["object"] != "none"
]
# Values of the moment: what made them is compared, they are not.
NEW, PATIENT = "fifteen-white-lamps", "P-1"
MADE = {"password", "token_sha256", "hash", "previous_hash", "location", "secret"}
STATES = {"sample_sign": "in_review", "sample_return": "in_review", "sample_amend": "signed"}
STATES |= dict.fromkeys(("sample_cells", "sample_submit", "sample_comment", "sample_note"), "to_review")
STATES |= dict.fromkeys(("api_cell_reviews", "api_sample_submit"), "to_review")
ACTS = ("role", "site", "token", "link", "deactivate", "reset_ask")
# What writes nothing here: it filters, or waits for what this world has not (a second factor under way, a
# measured model, a signed sample). Even so, nothing that is smuggled in may be written.
SILENT = {
    "account_reauthenticate", "account_reset_password_from_key", "csp_reports", "dataset_folder",
    "dataset_reviewed", "field_retry", "history", "mfa_activate_totp", "mfa_add_webauthn",
    "mfa_authenticate", "mfa_deactivate_totp", "mfa_generate_recovery_codes", "mfa_login_webauthn",
    "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "model_ask", "model_override", "model_promote",
    "model_roll_back", "model_shadow", "patient_erase", "patients", "person reset_ask", "pieces",
    "promotion_approve", "reanalyses", "refresh", "sample_undo", "second_factor", "session",
    "session_end", "token_end", "training_resume", "verify", "worklist",
}  # fmt: skip
OPAQUE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{40,}")


def own_fields(there):
    """By name of the address, and act where a page takes several: the fields that it is there to take."""
    home, twice = there.people["admin"].site_id, {"new_password1": NEW, "new_password2": NEW}
    changed = {"password1": NEW, "password2": NEW}
    receiver = {"name": "LIS", "address": "https://lis.example/in", "secret": "fifteen-white-lamps"}
    receiver |= {"signed": "on", "amended": "on", "analysed": "", "promoted": ""}
    kind = CellType.objects.get(code="neutrophil")
    facts = {name: getattr(kind, name) for name in ("colour", "counts_as", "loinc_share", "loinc_count")}
    facts |= {"name": "New", "short": "NEW", "key": "", "position": "9", "active": "on"}
    filters = {"state": "", "kind": "", "flag": "", "person": "", "date_from": "", "date_to": "", "text": ""}
    empty = (
        "patient_reference",
        "sex",
        "age_value",
        "instrument",
        "stain",
        "wbc",
        "collected_at",
        "requester",
    )
    sample = dict.fromkeys((*empty, "note", "training_opt_out"), "")
    sample |= {"age_unit": "years", "target": "100", "received_at": "2026-03-02T08:00"}
    json_sample = sample | {"age_value": None, "wbc": None, "collected_at": None, "target": 100}
    json_sample |= {"training_opt_out": False}
    about = {"dataset": "", "name": "New", "license": "MIT", "source": "here"}
    pictures = about | {"laboratory": "here", "shows": "cells", "augmented": ""}
    picture = {"filename": "a.jpg", "single": "", "modified": "1", "sha256": "", "again": ""}
    patient = {"reference": PATIENT, "site": ""}
    reason = {"reason": "The name was wrong."}
    cells = [{"id": str(there.cells["own"].pk), "seen": 0}]
    gated = {"data": there.frozen.sha256}
    return {
        "account_login": {"login": there.people["admin"].email, "password": PASSWORD, "remember": ""},
        "account_change_password": {"oldpassword": PASSWORD, **changed},
        "account_reset_password": {"email": there.stranger.email},
        "account_reset_password_from_key": changed,
        "account_reauthenticate": {"password": PASSWORD},
        "mfa_edit_webauthn": {"name": "Desk", "passwordless": ""},
        "login": {"email": there.people["admin"].email, "password": PASSWORD},
        "welcome": twice,
        "person_new": {
            "email": "new@example.org",
            "name": "New",
            "role": "doctor",
            "site": home,
            "new_site": "",
        },
        "person role": {"role": "doctor"},
        "person site": {"site": home},
        "person token": {"name": "Scanner", "predict": "", "read": "on", "metrics": "", "days": "9"},
        "view_save": {"name": "Signed", **filters, "state": "signed"},
        "sample_new": sample | {"accession": "HV-NEW"},
        "sample_edit": sample | {"accession": "HV-OWN", "note": "Seen."},
        "sample_file": {"single": ""},
        "sample_pieces_begin": picture,
        "sample_cells": {"cells": cells, "code": "lymphocyte"},
        "sample_comment": {"text": "Seen."},
        "sample_return": reason,
        "sample_cancel": reason,
        "sample_sign": {"intent": "yes", "password": PASSWORD, "credential": "", "revision": "1", "rules": ""}
        | {"comment": "", "override": ""},
        "sample_amend": reason,
        "sample_note": {"key": ""},
        "sample_emergency": {"accession": "HV-OTHER", "reason": "Asked for by the ward at night."},
        "upload": {"single": ""},
        "upload_file": {"single": ""},
        "pieces_begin": picture,
        "destination_new": receiver | {"kind": "webhook", "site": home},
        "destination": receiver | {"site": home},
        "api_predict": {"single": ""},
        "api_predict_batch": {"single": ""},
        "api_samples": json_sample | {"accession": "HV-NEW"},
        "api_sample": json_sample | {"accession": "HV-OWN", "note": "Seen."},
        "api_sample_search": {"accession": "HV-OWN", "patient_reference": PATIENT},
        "api_sample_fields": {"single": "", "again": "yes"},
        "api_cell_reviews": {"code": "lymphocyte", "seen": 0},
        "patients": patient,
        "patient_export": patient,
        "patient_erase": patient | {"again": PATIENT, "reason": "Asked for in writing."},
        "laboratory_rules": filled(rules_page(there)),
        "cell_type": facts | {"seen": fingerprint(kind)},
        "cell_type_new": facts | {"seen": ""},
        "drift_acknowledge": {"note": "Another stain."},
        "drift_guard": {"percent": "60"},
        "reanalyses": {"date_from": "", "date_to": "", "site": "", "read_by": ""},
        "model_evaluate": gated,
        "model_gate": gated,
        "model_override": reason,
        "training_start": {
            "datasets": there.frozen.sha256,
            "folder": "",
            "recipe": "head",
            "start": "shipped",
        }
        | {"epochs": "2", "depth": "3", "augmentation": "", "balance": "", "patience": "2", "seed": "1"},
        "dataset_zip": pictures | {"archive": SimpleUploadedFile("a.zip", archive())},
        "dataset_folder": pictures | {"folder": ""},
        "dataset_exclude": {"excluded": "yes", "back": ""},
        "dataset_reviewed": about | {"since": "", "until": "", "site": ""},
    }


def archive():
    """A ZIP file with one class folder."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as folder:
        folder.writestr("neutrophil/a.jpg", hostile.jpeg())
    return content.getvalue()


def rules_page(there):
    client = Client()
    client.force_login(there.people["admin"])
    return client.get(reverse("laboratory_rules")).content.decode()


def portal_models():
    return [model for label in APPS for model in apps.get_app_config(label).get_models()]


def rows():
    """Every row of the portal by kind and key."""
    return {
        (model._meta.model_name, row["pk"]): row
        for model in portal_models()
        for row in model.objects.values("pk", *(field.attname for field in model._meta.fields))
    }


def smuggled(there):
    """A value for each field of each model, by the names that forms and JSON would use."""
    away = {"user": there.stranger.pk, "site": there.stranger.site_id, "sample": there.samples["other"].pk}
    found = {"is_superuser": "on", "is_staff": "on", "revoked": "on", "scopes": "predict"}
    for model in portal_models():
        for field in model._meta.fields:
            if field.is_relation:
                value = away.get(field.related_model._meta.model_name, there.version.pk)
                found[field.attname] = str(value)
            else:
                value = plausible(field)
            found[field.name] = str(value)
    return found | {"role": "admin", "state": "signed"}


def plausible(field):
    if field.choices:
        return list(field.choices)[-1][0]
    if isinstance(field, models.BooleanField):
        return "on" if field.default is not True else ""
    if isinstance(field, models.DateTimeField):
        return "2020-01-01T00:00"
    if isinstance(field, models.IntegerField | models.DecimalField | models.FloatField):
        return 7
    return "evil@example.org" if isinstance(field, models.EmailField) else "SMUGGLED"


def told(name, value, known):
    """A value in words that are the same for two requests that did the same."""
    if isinstance(value, dt.datetime):
        return "2020" if value.year == 2020 else "now"
    if name in MADE or (name.endswith("_id") and value is not None and str(value) not in known):
        return "made"
    return OPAQUE.sub(lambda found: found[0] if found[0] in known else "made", str(value))


def changes(before, after):
    """What a request did to the rows: kind of row, new, gone or whose, and each field with its value."""
    known = {str(key[1]) for key in before}
    for key in sorted(before.keys() | after.keys(), key=str):
        old, new = before.get(key, {}), after.get(key, {})
        whose = str(key[1]) if key in before else "new"
        for name in sorted((old.keys() | new.keys()) - ({"pk", "id"} if not old else set())):
            if old.get(name, "") != new.get(name, ""):
                yield key[0], whose if new else "gone", name, told(name, new.get(name), known)


def who_may(line):
    """Who gets furthest at an address: nobody in particular, or an admin before others."""
    if line["anonymous"] not in {"302", "401", "404"}:
        return "anonymous"
    return min(("admin", "doctor", "technician"), key=lambda role: line[role] in {"403", "404"})


def done(there, before, line, fields):
    """Ask, look and take it back; return what was done."""
    name = ROUTES[line["address"]].name
    with transaction.atomic():
        cache.clear()
        if "archive" in fields:
            fields["archive"].seek(0)
        if name in STATES:
            Sample.objects.filter(pk=there.samples["own"].pk).update(state=STATES[name])
        there.ask(ROUTES[line["address"]], line["method"], line["object"], who_may(line), fields)
        found = sorted(changes(before, rows()))
        transaction.set_rollback(True)
    return [one for one in found if one[2] != "last_login"]


def asked(line):
    """The names of what an address is asked for: its own, with the act where it takes several."""
    name = ROUTES[line["address"]].name.split(":")[-1]
    return [f"{name} {act}" for act in ACTS] if name == "person" else [name]


@pytest.fixture
def busy(world, settings):  # noqa: F811
    """The world with mail, a model that reads, and a patient."""
    settings.MAIL_ENABLED = True
    ModelVersion.objects.create(
        version="active", sha256="1" * 64, labels=[], location="x", source="shipped", state="active"
    )
    Sample.objects.filter(pk=world.samples["own"].pk).update(patient_reference=PATIENT)
    return world


def test_nothing_but_the_forms_own_fields_is_written(busy):
    own, extra = own_fields(busy), smuggled(busy)
    before, faults, silent = rows(), {}, set()
    for line, name in [(each, name) for each in WRITES for name in asked(each)]:
        fields = own.get(name, {}) | ({"action": name.split()[1]} if " " in name else {})
        plain = [] if name in SILENT else done(busy, before, line, fields)
        more = done(busy, before, line, extra | fields)
        if not plain:
            silent.add(name)
        if plain != more and name.startswith("api_"):
            # A field that it does not know is refused, and what is left is the sign-in of whoever asks.
            plain = done(busy, before, line, {"unknown": ""})
        if plain != more:
            faults[name] = [one for one in (*plain, *more) if (one in plain) != (one in more)]
    assert faults == {}
    assert silent == SILENT, "these write nothing when they are asked with their own fields"
