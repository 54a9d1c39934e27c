"""What Prometheus reads: the numbers are those of rows, marks and disk, for tokens with the right alone."""

import time
from uuid import UUID

import pytest
import redis
from django.core.files.uploadedfile import SimpleUploadedFile
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as plain

from accounts.audit.models import AuditEvent
from accounts.tokens import token_create
from hematovision.core import metrics, workers
from hematovision.core.origin import Origin
from mlcore.registry.models import TrainingRun
from predictions.models import AnalysisJob
from predictions.services import Announced, jobs, partial_begin, sample_create
from predictions.services.analyse import analyse_field
from predictions.states import Failure
from tests.accounts.factories import PersonFactory
from tests.dashboard.test_dashboard import upload
from tests.predictions import hostile
from tests.predictions.plain_model import loaded

pytestmark = pytest.mark.django_db
FACTS = {"name": "Prometheus", "days": 30, "origin": Origin()}


@pytest.fixture(autouse=True)
def nothing_counted(broker, settings, tmp_path):
    """Begin at zero, with folders of this test alone."""
    settings.IMAGE_ROOT, settings.PARTIAL_ROOT = tmp_path / "images", tmp_path / "partial"
    settings.VAR_DIR, settings.PREDICT_WAIT_SECONDS = tmp_path, 0
    for key in broker.scan_iter("metrics:*"):
        broker.delete(key)
    broker.delete(workers.MARKS)


def bearer(person, *scopes):
    text = token_create(actor=PersonFactory(admin=True), person=person, scopes=scopes, **FACTS)[1]
    return {"Authorization": f"Bearer {text}"}


@pytest.fixture
def scrape(client):
    """Read the metrics; returns a function from a name and labels to its number, None where there is none."""
    headers = bearer(PersonFactory(admin=True), "metrics")

    def scrape(parse=plain, accept=""):
        answer = client.get("/metrics", headers=headers | {"Accept": accept})
        assert answer.status_code == 200
        found = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in parse(answer.content.decode())
            for sample in family.samples
        }
        return lambda name, **labels: found.get((f"hematovision_{name}", frozenset(labels.items())))

    return scrape


def test_numbers_are_those_of_the_rows(scrape, settings):
    person, model = PersonFactory(), loaded()
    fields = [upload(person, seed) for seed in (1, 2, 3)]
    analyse_field(fields[0].pk, load=lambda: model)
    jobs.fail(jobs.claim(fields[1].pk), Failure.IMAGE_MISSING)
    sample_create(actor=person, origin=Origin(), facts={"accession": "HV-1"})
    partial_begin(actor=person, origin=Origin(), announced=Announced("a.jpg", 9))
    TrainingRun.objects.create(recipe="x", data="x", started_by=person)
    told = scrape()
    assert (told("jobs", state="queued"), told("jobs", state="running")) == (1, 0)
    assert told("jobs_failed", reason="image_missing") == 1
    assert 0 < told("job_oldest_wait_seconds") < 60
    assert (told("samples", state="receiving"), told("samples", state="signed")) == (1, 0)
    assert told("training_runs", state="queued") == 1
    assert (told("uploads_unfinished"), told("uploads_unfinished_bytes")) == (1, 0)
    assert told("model_info", version=model.version.version, sha256=model.version.sha256) == 1
    assert told("audit_events_total") == AuditEvent.objects.latest("id").pk
    assert 0 < told("disk_free_bytes") < told("disk_size_bytes")
    assert (told("part_present", part="database"), told("part_present", part="model")) == (1, 0)
    assert told("analysis_attempt_seconds_count", outcome="done") == 1


def test_both_formats_are_whole(scrape):
    upload(PersonFactory())
    scrape()
    assert scrape(openmetrics, "application/openmetrics-text; version=1.0.0")("samples", state="signed") == 0


def test_a_worker_counts_while_it_leaves_marks(scrape, broker):
    assert scrape()("workers", role="inference") == 0
    workers.mark(workers.INFERENCE)
    assert scrape()("workers", role="inference") == 1
    seconds, _ = broker.time()
    for member in broker.zrange(workers.MARKS, 0, -1):
        broker.zadd(workers.MARKS, {member: seconds - workers.ALIVE_SECONDS - 1})
    assert scrape()("workers", role="inference") == 0


def test_requests_count_by_page_method_and_class(scrape, client, submit_one):
    field = submit_one(client)
    client.get(f"/api/v1/fields/{field}")
    client.generic("BREW", "/no/such/page?patient=1")
    told = scrape()
    assert told("http_request_seconds_count", route="api_predict", method="POST", status="2xx") == 1
    assert told("http_request_seconds_count", route="api_field", method="GET", status="2xx") == 1
    assert told("http_request_seconds_count", route="none", method="other", status="4xx") == 1
    labels = {"route": "api_predict", "method": "POST", "status": "2xx"}
    assert told("http_request_seconds_bucket", le="+Inf", **labels) == 1
    assert 0 < told("http_request_seconds_sum", **labels) < 30


def test_nothing_of_a_patient_or_of_a_person_is_told(scrape, client, submit_one):
    field = submit_one(client)
    client.get(f"/fields/{field}/")
    headers = bearer(PersonFactory(admin=True), "metrics")
    text = client.get("/metrics", headers=headers).content.decode()
    assert 'route="field"' in text
    for secret in (field, "patient-name.jpg", "@", "127.0.0.1"):
        assert secret not in text


@pytest.fixture
def submit_one():
    """Send an image by the API as a technician who is signed in afterwards; returns the key of its field."""

    def submit_one(client):
        client.force_login(PersonFactory())
        file = SimpleUploadedFile("patient-name.jpg", hostile.jpeg())
        return client.post("/api/v1/predict", {"file": file}).json()["id"]

    return submit_one


def test_attempts_count_by_how_they_ended(scrape, caplog):
    person, model = PersonFactory(), loaded()
    gone, slow = upload(person, 1), upload(person, 2)
    gone.image.path.unlink()
    analyse_field(gone.pk, load=lambda: model)

    class Taken:
        labels = model.predictor.labels

        def predict(self, image, *, single=False):
            AnalysisJob.objects.filter(field=slow).update(fence=99)
            return model.predictor.predict(image, single=single)

    analyse_field(slow.pk, load=lambda: type(model)(Taken(), model.version))
    told = scrape()
    outcomes = {
        name: told("analysis_attempt_seconds_count", outcome=name) for name in ("image_missing", "late")
    }
    assert outcomes == {"image_missing": 1, "late": 1}


def test_a_duration_is_in_every_range_that_holds_it(scrape):
    for seconds in (0.01, 0.1, 99):
        metrics.count(metrics.REQUESTS, "home", "GET", "3xx", seconds=seconds)
    told = scrape()
    labels = {"route": "home", "method": "GET", "status": "3xx"}
    found = [told("http_request_seconds_bucket", le=le, **labels) for le in ("0.025", "0.1", "30.0", "+Inf")]
    assert found == [1, 2, 2, 3]
    assert told("http_request_seconds_sum", **labels) == pytest.approx(99.11)


def test_who_may_read(client):
    admin, technician = PersonFactory(admin=True), PersonFactory()
    client.force_login(admin)
    for shown, wrong in ((None, ""), ("Bearer hvm_made-up", ', error="invalid_token"'), ("Basic YTpi", "")):
        answer = client.get("/metrics", headers={"Authorization": shown} if shown else {})
        told = (401, f'Bearer realm="HematoVision"{wrong}')
        assert (answer.status_code, answer["WWW-Authenticate"]) == told
    answer = client.get("/metrics", headers=bearer(admin, "read", "predict"))
    told = (403, 'Bearer realm="HematoVision", error="insufficient_scope"')
    assert (answer.status_code, answer["WWW-Authenticate"]) == told
    assert client.get("/metrics", headers=bearer(technician, "metrics")).status_code == 403
    allowed = bearer(admin, "metrics")
    assert client.get("/metrics", headers=allowed).status_code == 200
    assert client.get(f"/api/v1/fields/{UUID(int=0)}", headers=allowed).status_code == 403


def test_without_redis_the_rest_is_told_and_nobody_waits(scrape, settings, monkeypatch):
    there, settings.REDIS_URL = settings.REDIS_URL, "redis://127.0.0.1:1/0"
    monkeypatch.setitem(metrics._paused, "until", 0.0)
    for made in (workers.client, metrics.client):
        made.cache_clear()
    try:
        told = scrape()
        assert (told("part_present", part="broker"), told("samples", state="signed")) == (0, 0)
        assert told("workers", role="inference") is None
        with pytest.raises(redis.RedisError):
            metrics.tallies(metrics.REQUESTS)
        began = time.monotonic()
        for _each in range(1000):
            metrics.count(metrics.REQUESTS, "home", "GET", "3xx")
        assert time.monotonic() - began < 0.5
    finally:
        settings.REDIS_URL = there
        for made in (workers.client, metrics.client):
            made.cache_clear()
        metrics._paused["until"] = 0.0
