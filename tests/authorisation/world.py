"""One of everything that has an address, and each kind of visitor asking for it."""

import base64
import io
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from allauth.account.forms import default_token_generator
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone

from accounts import links, services
from accounts.models import User
from accounts.tokens import token_create
from hematovision.core.origin import Origin
from mlcore.engine.frozen import FrozenHeader, FrozenPicture, write_frozen
from mlcore.engine.tidy import keep
from mlcore.registry.models import (
    DataSet,
    DataSetVersion,
    Evaluation,
    ModelVersion,
    Promotion,
    PromotionState,
    PromotionWay,
    TrainingRun,
)
from predictions.models import (
    Analysis,
    Cell,
    Delivery,
    Destination,
    DriftWeek,
    Order,
    Reanalysis,
    Report,
    Rules,
    SavedView,
)
from predictions.report import to_json
from predictions.selectors.rules import STARTER
from predictions.services import Announced, field_submit, partial_begin, sample_create
from tests.accounts.factories import PASSWORD, PersonFactory, SiteFactory
from tests.predictions import hostile
from tests.predictions.report import examples

WHO = ("anonymous", "technician", "doctor", "admin", "disabled")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
NOBODY = uuid.UUID(int=0)
# What does not exist where an address takes no opaque key.
NOTHING = {
    "version": 99,
    "number": 99,
    "week_id": 0,
    "code": "nothing",
    "pk": 0,
    "provider_id": "nothing",
}
# Uploads carry a real image: an empty one would be refused before anybody asks who sends it.
FILE_OF = {"upload": "files", "upload_file": "file", "sample_file": "file", "api_predict": "file"}
FILE_OF |= {"api_sample_fields": "file", "api_predict_batch": "file"}
# Addresses that take JSON: of the sample's page, and of the API.
JSON = (
    *("sample_cells", "sample_undo", "api_tokens", "api_fhir_orders", "api_samples", "api_sample_search"),
    *("api_sample", "api_sample_submit", "api_cell_reviews"),
)
# Uploads in pieces are told by headers; a piece of nothing is no change.
TUS = {
    "Tus-Resumable": "1.0.0",
    "Upload-Length": "9",
    "Upload-Offset": "0",
    "Content-Type": "application/offset+octet-stream",
}
# Addresses that a program asks with a token; the others are asked by a browser with a session.
BY_TOKEN = ("api/", "_allauth/")


@dataclass(frozen=True)
class Route:
    """An address of the portal: as written, its full name, the names of what it takes, and its view."""

    text: str
    name: str
    takes: frozenset[str]
    view: Callable = field(compare=False)


def routes(patterns=None, text="", names=()):
    """Walk the resolver; return every address of the portal, those of included packages too."""
    found = []
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        here = text + str(entry.pattern)
        if isinstance(entry, URLPattern):
            takes = frozenset(entry.pattern.regex.groupindex) | frozenset(entry.pattern.converters)
            found.append(Route(here, ":".join([*names, entry.name or "?"]), takes, entry.callback))
        else:
            more = [entry.namespace] if entry.namespace else []
            found += routes(entry.url_patterns, here, [*names, *more])
    return found


class World:
    """People of one site, what they own, and the same at another site."""

    def __init__(self):
        home, away = SiteFactory(), SiteFactory()
        self.people = {
            "technician": PersonFactory(site=home),
            "doctor": PersonFactory(site=home, doctor=True),
            "admin": PersonFactory(site=home, admin=True),
            "disabled": PersonFactory(site=home, admin=True),
        }
        self.stranger = PersonFactory(site=away)
        self.version = ModelVersion.objects.create(
            version="test", sha256="0" * 64, labels=["neutrophil"], location="nowhere", source="imported"
        )
        self.frozen = self._frozen()
        self.run = TrainingRun.objects.create(recipe="x", data="x", started_by=self.people["admin"])
        self.evaluation = Evaluation.objects.create(version=self.version, data_sha256="0" * 64)
        asked = {"way": PromotionWay.GATE, "state": PromotionState.OPEN, "asked_by": self.stranger}
        self.promotion = Promotion.objects.create(version=self.version, **asked)
        week = {"week": "2026-03-02", "fields": 1, "cells": 1, "model_version": self.version}
        self.week = DriftWeek.objects.create(site=home, **week)
        listens = {"kind": "webhook", "name": "Theirs", "address": "https://x.example/", "events": []}
        self.destination = Destination.objects.create(created_by=self.people["admin"], **listens)
        facts = {"event": "model.promoted", "subject": "x", "state": "dead", "give_up_at": timezone.now()}
        self.delivery = Delivery.objects.create(destination=self.destination, **facts)
        self.order = Reanalysis.objects.create(model_version=self.version, ordered_by=self.people["admin"])
        facts = {"content": STARTER.content(), "reason": "Confirmed.", "created_by": self.people["admin"]}
        self.rules = Rules.objects.create(id=1, **facts)
        self.samples = {
            which: sample_create(actor=who, origin=Origin(), facts={"accession": f"HV-{which.upper()}"})
            for which, who in (("own", self.people["technician"]), ("other", self.stranger))
        }
        self.uploads = {
            which: partial_begin(actor=who, origin=Origin(), announced=Announced("a.jpg", 9))
            for which, who in (("own", self.people["technician"]), ("other", self.stranger))
        }
        number = {"system": "urn:x", "placed_by": self.stranger}
        self.placed = {
            which: Order.objects.create(sample=sample, value=which, **number)
            for which, sample in self.samples.items()
        }
        self.reports = {which: self._report(sample) for which, sample in self.samples.items()}
        self.cells = {which: self._cell(sample) for which, sample in self.samples.items()}

        scopes = {"scopes": ["read"], "days": 1, "origin": Origin()}
        admin = self.people["admin"]
        self.token = token_create(actor=admin, person=self.stranger, name="Scanner", **scopes)[0]
        self.views = {
            which: SavedView.objects.create(person=who, name="Mine", filters={"state": "signed"})
            for which, who in (("own", self.people["technician"]), ("other", self.stranger))
        }

    def _frozen(self):
        """A ready version of a data set, with one picture."""
        root, admin = settings.DATASET_ROOT, self.people["admin"]
        kept = keep(hostile.jpeg(), root / "pictures")
        picture = FrozenPicture(kept.sha256, kept.file, "neutrophil", "here", "g", "test")
        sha256 = write_frozen(root, FrozenHeader("Ours", 1, "MIT", "here"), [picture])
        dataset = DataSet.objects.create(name="Ours", license="MIT", source="here", created_by=admin)
        facts = {"number": 1, "sha256": sha256, "state": "ready", "origin": "zip", "created_by": admin}
        return DataSetVersion.objects.create(dataset=dataset, **facts)

    def _passkey(self, person):
        facts = {"type": Authenticator.Type.WEBAUTHN, "data": {"name": "Key", "credential": {}}}
        return Authenticator.objects.create(user=person, **facts).pk

    def _report(self, sample):
        facts = {
            "version": 1,
            "revision": 1,
            "content": to_json(examples.report()),
            "pdf": b"%PDF",
            "sha256": "0" * 64,
        }
        signed = {"signed_by": self.people["doctor"], "signed_at": timezone.now(), "code": sample.accession}
        return Report.objects.create(sample=sample, **facts, **signed)

    def _cell(self, sample):
        content = io.BytesIO(hostile.jpeg())
        field = field_submit(
            actor=sample.created_by, origin=Origin(), content=content, name="a.jpg", sample_id=sample.pk
        ).field
        analysis = Analysis.objects.create(field=field, model_version=self.version, milliseconds=1)
        facts = {"label": "neutrophil", "confidence": 1.0, "probabilities": {"neutrophil": 1.0}}
        facts["look"] = {"window": {"x0": 0, "y0": 0, "x1": 9, "y1": 9}, "places": [[1.0]]}
        return Cell.objects.create(analysis=analysis, number=1, x0=0, y0=0, x1=9, y1=9, **facts)

    def address(self, route, which, who):
        """Return the path of ``route`` for the object ``which``: own, other, any (nobody owns it) or none."""
        wanted = {name: self._key(name, which, who) for name in route.takes}
        return reverse(route.name, kwargs=wanted)

    def _key(self, name, which, who):
        if name in {"token", "key", "uidb36"}:
            return "x" if which == "none" else self._secret(name)
        if which == "none":
            return NOTHING.get(name, NOBODY)
        if name == "person_id":
            return self.people.get(who, self.stranger).pk if which == "own" else self.stranger.pk
        if name == "pk":
            return self._passkey(self.people.get(who, self.stranger) if which == "own" else self.stranger)
        owned = {"sample_id": self.samples, "upload_id": self.uploads, "view_id": self.views}
        owned |= {"report_id": self.reports, "service_request_id": self.placed}
        if name in owned:
            return owned[name][which].pk
        if name in {"field_id", "cell_id"}:
            cell = self.cells[which]
            return cell.pk if name == "cell_id" else cell.analysis.field_id
        unowned = {"version_id": self.version.pk, "run_id": self.run.pk, "version": self.rules.pk}
        unowned |= {"dataset_version_id": self.frozen.pk, "number": 0}
        unowned |= {"evaluation_id": self.evaluation.pk, "promotion_id": self.promotion.pk}
        unowned |= {"cell": "0" * 64, "name": "roc.png", "form": "json"}
        unowned |= {"week_id": self.week.pk, "site_id": self.week.site_id, "order_id": self.order.pk}
        unowned |= {"destination_id": self.destination.pk, "delivery_key": self.delivery.key}
        unowned |= {"token_id": self.token.pk}
        return {**unowned, "code": "neutrophil", "provider_id": "oidc"}[name]

    def _secret(self, name):
        """Return the part ``name`` of a link that would let the stranger set a password."""
        if name == "token":
            return links.link_issue(actor=None, person=self.stranger)
        return default_token_generator.make_token(self.stranger) if name == "key" else self.stranger.pk.hex

    def visitor(self, route, who):
        """Return a client of ``who`` and the headers of their requests; ``disabled`` was so just now."""
        client, headers = Client(), {}
        if who == "anonymous":
            return client, headers
        person = self.people[who]
        if route.text.startswith(BY_TOKEN):
            credentials = {"email": person.email, "password": PASSWORD}
            answer = client.post(reverse("headless:login"), credentials, content_type="application/json")
            headers = {"Authorization": f"Bearer {answer.json()['meta']['access_token']}"}
        else:
            client.force_login(person)
        if who == "disabled":
            services.person_deactivate(actor=self.people["admin"], person=User.objects.get(pk=person.pk))
        return client, headers

    def ask(self, route, method, which, who, fields=None):
        """Send the request with ``fields`` and the one file of an upload; return the status of the answer."""
        fields = fields or {}
        client, headers = self.visitor(route, who)
        client.raise_request_exception = False
        path, more = self.address(route, which, who), {}
        if method == "POST" and route.name in FILE_OF:
            more = {"data": {**fields, FILE_OF[route.name]: SimpleUploadedFile("b.jpg", hostile.jpeg())}}
        elif method in {"POST", "PATCH"} and (route.text.startswith("_allauth/") or route.name in JSON):
            more = {"data": json.dumps(fields), "content_type": "application/json"}
        elif "pieces" in route.name:
            pairs = (
                f"{name} {base64.b64encode(str(value).encode()).decode()}" for name, value in fields.items()
            )
            headers = headers | TUS | {"Upload-Metadata": ",".join(pairs)}
        elif method == "POST":
            more = {"data": fields}
        return getattr(client, method.lower())(path, headers=headers, **more).status_code
