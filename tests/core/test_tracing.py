"""One identifier from a request to the worker, headers of every class of answers, reports of browsers."""

import json
import logging
import re

import pytest
from celery import current_app
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory
from django.urls import reverse

from hematovision.core import metrics, queue, tracing
from hematovision.core.csp_reports import REPORTS
from hematovision.core.middleware import charset_kept_plain
from tests.accounts.factories import PersonFactory

pytestmark = pytest.mark.django_db
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}


def test_each_answer_tells_its_own_identifier(client):
    first, second = (client.get("/healthz")[tracing.HEADER] for _each in range(2))
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert first != second


@pytest.mark.parametrize(("proxies", "given", "taken"), [
    (1, "abcdef-123456", True), (0, "abcdef-123456", False), (1, "short", False), (1, "x" * 65, False),
    (1, "evil\nline", False),
])  # fmt: skip
def test_only_a_proxy_of_ours_chooses_it(client, settings, proxies, given, taken):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    answer = client.get("/healthz", headers={tracing.HEADER: given})
    assert (answer[tracing.HEADER] == given) is taken


def test_a_line_of_the_log_is_json_with_the_identifier_and_the_trace():
    tracing.follow("request-0001")
    try:
        record = logging.LogRecord("a.b", logging.ERROR, "x.py", 1, "Said %s\nthen", ("é",), None)
        problem = ValueError("broken")
        record.exc_info = (ValueError, problem, problem.__traceback__)
        assert tracing.AddRequest().filter(record)
        line = tracing.JsonLine().format(record)
    finally:
        tracing.follow("")
    assert "\n" not in line
    said = json.loads(line)
    assert (said["message"], said["request_id"], said["level"]) == ("Said é\nthen", "request-0001", "ERROR")
    assert "ValueError: broken" in said["trace"]


def test_a_message_to_a_worker_carries_it(broker):
    broker.delete("inference")
    tracing.follow("request-0002")
    try:
        assert queue.ring(queue.SWEEP_JOBS)
    finally:
        tracing.follow("")
    (message,) = broker.lrange("inference", 0, -1)
    assert json.loads(message)["headers"]["request_id"] == "request-0002"
    broker.delete("inference")


def test_a_task_goes_on_under_it():
    seen = []

    @current_app.task(name="tests.who_asked")
    def who_asked():
        seen.append(tracing.current())

    who_asked.apply(headers={"request_id": "request-0003"})
    who_asked.apply()
    assert seen == ["request-0003", ""]


def answers(client, settings):
    """One answer of each class: name -> answer."""
    client.raise_request_exception = False
    yield "sign-in page", client.get("/accounts/login/")
    yield "redirect", client.get("/samples/")
    yield "not found", client.get("/nowhere")
    yield "json", client.get("/healthz")
    yield "api refusal", client.get("/api/v1/fields/00000000-0000-0000-0000-000000000000")
    yield "bad method", client.delete("/healthz")
    yield "unreadable", client.get("/accounts/login/", headers={"Content-Type": "text/plain; charset=latin1"})
    client.force_login(PersonFactory())
    yield "page", client.get("/samples/")
    yield "forbidden", client.get("/audit/")
    cache.clear()
    yield from (("too many", client.post(reverse("verify"), {"code": "x"})) for _each in range(31))
    settings.ROOT_URLCONF = "tests.core.breaking"
    yield "broken", client.get("/broken")


def test_every_class_of_answers_has_every_header(client, settings):
    classes = {}
    for name, answer in answers(client, settings):
        classes[name] = answer.status_code
        for header, value in HEADERS.items():
            assert answer.headers.get(header) == value, (name, header)
        assert "no-store" in answer["Cache-Control"]
        policy = answer["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "report-uri /csp-reports" in policy
        assert tracing.HEADER in answer.headers
    assert classes == {
        "sign-in page": 200,
        "redirect": 302,
        "not found": 404,
        "json": 503,
        "api refusal": 401,
        "bad method": 405,
        "unreadable": 400,
        "page": 200,
        "forbidden": 403,
        "too many": 429,
        "broken": 500,
    }


def report(client, body):
    return client.post("/csp-reports", body, content_type="application/csp-report")


def test_what_a_browser_blocked_is_logged_without_paths(client, caplog):
    body = {
        "csp-report": {
            "document-uri": "https://lab.example/samples/1234/",
            "violated-directive": "script-src-elem 'self'",
            "blocked-uri": "https://evil.example/secret/path?patient=1\nFORGED LINE",
        }
    }
    assert report(client, json.dumps(body)).status_code == 204
    (record,) = [one for one in caplog.records if "blocked" in one.getMessage()]
    assert record.getMessage() == "A browser blocked https://evil.example by script-src-elem"


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"csp-report": 3}', "\x00", "[" * 9000])
def test_what_is_no_report_is_taken_quietly(client, caplog, body):
    assert report(client, body).status_code == 204
    assert not [one for one in caplog.records if "blocked" in one.getMessage()]


def test_reports_cannot_fill_the_log(client, caplog):
    for number in range(30):
        report(client, json.dumps({"csp-report": {"blocked-uri": f"https://{number}.example"}}))
    assert len([one for one in caplog.records if "blocked https" in one.getMessage()]) == 10


def test_the_same_report_is_one_line_and_counts_each_time(client, caplog, broker):
    broker.delete("metrics:hematovision_csp_reports")
    for directive in ("img-src", "img-src 'self'", "<made up>"):
        report(client, json.dumps({"csp-report": {"blocked-uri": "data", "violated-directive": directive}}))
    lines = [one.getMessage() for one in caplog.records if "blocked" in one.getMessage()]
    assert lines == ["A browser blocked data by img-src", "A browser blocked data by <made"]
    told = {values: sum(tally.ranges.values()) for values, tally in metrics.tallies(REPORTS).items()}
    assert told == {("img-src",): 2, ("other",): 1}


@pytest.mark.parametrize("address", ["/accounts/login/?next=/", "/api/v1/samples?state=x"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain; charset=unknown"},
        {"Content-Type": "text/plain; charset=unicode_escape"},
        {"Cookie": 'sessionid="{0}"; __Host-sessionid="{0}"'.format(r"\000" * 8)},
    ],
)
def test_what_cannot_be_read_is_refused_and_breaks_nothing(client, address, headers):
    answer = client.get(address, headers=headers)
    assert answer.status_code == 400
    assert "not in UTF-8" in answer.content.decode()


@pytest.mark.parametrize("told", ["charset=hex", "charset=undefined", "charset*=x''y", "charset*=utf-8''hex"])
def test_a_character_set_that_django_breaks_off_on_is_refused_too(told):
    environ = RequestFactory().get("/accounts/login/?next=/").environ
    environ["CONTENT_TYPE"] = f"text/plain; {told}"
    answered = []
    page = charset_kept_plain(WSGIHandler())(environ, lambda status, _headers: answered.append(status))
    assert answered == ["400 Bad Request"]
    assert b"not in UTF-8" in b"".join(page)


@pytest.mark.parametrize("name", ["utf-8", "UTF-8", '"utf-8"', "utf8"])
def test_utf8_is_read_under_all_its_names(client, name):
    headers = {"Content-Type": f"application/json; charset={name}"}
    assert client.get("/accounts/login/", headers=headers).status_code == 200


def test_a_disk_without_room_is_not_ready(client, settings, monkeypatch):
    settings.IMAGE_ROOT.mkdir(parents=True, exist_ok=True)
    assert client.get("/readyz").json()["parts"]["disk"] == "ok"
    monkeypatch.setattr("hematovision.core.health.LEAST_FREE_BYTES", 2**62)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["parts"]["disk"]) == (503, "missing")
