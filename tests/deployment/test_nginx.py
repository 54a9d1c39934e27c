"""The production deployment, run for real: nginx, two web servers, a worker, PostgreSQL, Valkey."""

import contextlib
import os
import re
import shutil
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.deployment.stack import PATH, WEB, Stack, until
from tests.predictions import hostile
from tests.supervisor.visitor import EMAIL, PASSWORD, Visitor, hidden

pytestmark = pytest.mark.processes

EVERYWHERE = {
    "strict-transport-security": "max-age=31536000; includeSubDomains; preload",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    if shutil.which("nginx", path=PATH) is None:
        pytest.skip("nginx is not installed (Debian: nginx-light)")
    one = Stack(tmp_path_factory.mktemp("stack"))
    try:
        one.start()
        yield one
    except AssertionError as problem:
        raise AssertionError(f"{problem}\n{one.logs()}") from problem
    finally:
        one.stop()


@pytest.fixture
def come(stack):
    """Come to the portal from an address of this machine; each has its own limits."""
    with contextlib.ExitStack() as open_ones:

        def come(address="127.0.0.1", **options):
            transport = httpx.HTTPTransport(local_address=address, verify=stack.trust)
            return open_ones.enter_context(Visitor(stack.url, transport=transport, **options))

        yield come


@pytest.fixture(scope="module")
def technician(stack):
    """A technician with a password, and one uploaded image."""
    link = stack.manage("create_person", EMAIL, "--name", "L. Ortega").splitlines()[-1]
    with Visitor(stack.url, verify=stack.trust) as visitor:
        visitor.set_password(link)
        visitor.sign_in()
        visitor.content = hostile.jpeg(width=640, height=480)
        sent = visitor.upload(visitor.content)
        assert sent.status_code == 200, sent.text
        visitor.field = re.search(r"/fields/[0-9a-f-]{36}/", sent.text)[0]
        yield visitor


def lacks(answer):
    """Return the headers of every answer that this one lacks, or has twice."""
    found = {name: answer.headers.get_list(name) for name in EVERYWHERE}
    return {name: found[name] for name, value in EVERYWHERE.items() if found[name] != [value]}


def test_secrets_are_in_files_alone(stack):
    assert '"first_admin": "/welcome/' in stack.prepared
    assert stack.prepared.endswith("\n"), "the logs of containers leave out a line without an end"
    secrets = [path.read_text() for path in stack.secrets.iterdir() if "tls" not in path.name]
    for child in stack.children:
        if child.name in {*WEB, "inference"}:
            environment = Path(f"/proc/{child.process.pid}/environ").read_text()
            assert "SECRET_KEY_FILE=" in environment
            assert not [secret for secret in secrets if secret in environment]
        command = Path(f"/proc/{child.process.pid}/cmdline").read_text()
        assert not [secret for secret in secrets if secret in command]


def test_application_role_may_not_touch_tables(stack):
    with contextlib.closing(stack.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'audit_auditevent'")
        assert cursor.fetchall() == [("hematovision_owner",)]
        cursor.execute("SELECT has_table_privilege('hematovision_app', 'audit_auditevent', 'UPDATE')")
        assert cursor.fetchone() == (False,)


def test_health_checks_tell_the_living_from_the_dead(stack):
    assert stack.alive("web-a", "web")
    until(lambda: stack.alive("inference", "inference"))
    assert not stack.alive("inference", "training")


def test_page_comes_over_https_with_every_header(technician):
    page = technician.get("/upload/")
    assert page.http_version == "HTTP/1.1"
    assert lacks(page) == {}
    assert page.headers["server"] == "nginx"
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert {cookie.name for cookie in technician.cookies.jar} == {"__Host-sessionid", "__Host-csrftoken"}


def test_plain_http_is_led_to_https(stack):
    answer = httpx.get(f"http://127.0.0.1:{stack.ports['plain']}/samples/?text=x")
    assert (answer.status_code, answer.headers["location"]) == (308, "https://127.0.0.1/samples/?text=x")


def test_stored_image_is_sent_by_nginx_after_the_portal_agreed(stack, technician, come):
    address = f"{technician.field}image/"
    image = technician.get(address)
    assert image.status_code == 200
    stored = [path for path in (stack.var / "images").rglob("*") if path.is_file()]
    assert image.content in [path.read_bytes() for path in stored]
    assert image.headers["content-type"] == "image/jpeg"
    assert image.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert image.headers["cache-control"] == "no-store"
    assert "x-accel-redirect" not in image.headers
    assert lacks(image) == {}
    assert come().get(address).url.path == "/accounts/login/"
    told = httpx.get(
        f"http://127.0.0.1:{stack.ports['web-a']}{address}",
        headers={
            "X-Forwarded-Proto": "https",
            "Cookie": "; ".join(f"{one.name}={one.value}" for one in technician.cookies.jar),
        },
    )
    assert told.content == b""
    inside = told.headers["x-accel-redirect"]
    assert (stack.var / "images" / inside.removeprefix("/stored-images/")).is_file()
    for guess in (
        inside,
        "/stored-images/",
        "/static/../images/" + inside[15:],
        "/static../images/",
        "/data/images/",
    ):
        assert technician.get(guess).status_code == 404


def test_thumbnail_is_drawn_by_the_portal(technician):
    small = technician.get(f"{technician.field}image/?size=small")
    assert small.status_code == 200
    assert len(small.content) < len(technician.content)
    assert small.headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_static_files_are_kept_by_browsers_and_compressed(technician):
    style = re.search(
        r'href="(/static/css/[^"]+\.css)"', technician.get("/accounts/login/", follow_redirects=True).text
    )
    answer = technician.get(style[1])
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert lacks(answer) == {}


def test_missing_page_has_every_header_once(technician):
    for address in ("/nothing-here/", "/static/nothing-here.css"):
        answer = technician.get(address)
        assert answer.status_code == 404
        assert "Nothing here" in answer.text
        assert lacks(answer) == {}


@pytest.mark.parametrize(
    ("address", "size"),
    [("/accounts/login/", 2), ("/upload/file/", 27), ("/upload/", 129)],
)
def test_too_much_is_refused_with_our_page(technician, address, size):
    answer = technician.post(address, content=b"x" * (size * 2**20))
    assert answer.status_code == 413
    assert "nothing of it was stored" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert lacks(answer) == {}


def for_programs(answer, status, code):
    """Check a refusal under /api/, which has the form of the API's own errors."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["retry-after"] == "60"
    assert lacks(answer) == {}
    told = answer.json()
    assert (told["status"], told["code"]) == (status, code)
    return told["detail"]


def test_a_program_is_refused_as_the_api_does(come):
    visitor = come("127.0.0.13")
    large = visitor.post("/api/v1/predict", content=b"x" * (27 * 2**20))
    assert "nothing of it was stored" in for_programs(large, 413, "too_large")
    with ThreadPoolExecutor(8) as pool:
        # Refused in no time by the portal, so that it is never too busy to be asked too often.
        sent = list(pool.map(lambda _one: visitor.get("/api/v1/sites"), range(110)))
    often = [answer for answer in sent if answer.status_code == 429]
    assert often
    assert "too often" in for_programs(often[0], 429, "throttled")
    # What the portal itself says passes unchanged.
    time.sleep(2)
    assert visitor.post("/api/v1/predict").json()["code"] == "not_authenticated"


def test_portal_refuses_what_is_too_large_for_it_alone(technician):
    answer = technician.fill(
        "/upload/", {}, files={"files": ("large.jpg", b"\xff" * (25 * 2**20 + 1), "image/jpeg")}
    )
    assert answer.status_code == 422
    assert "25 MB" in answer.text


def test_too_many_passwords_are_refused_with_our_page(come):
    visitor = come("127.0.0.9")
    page = visitor.get("/accounts/login/")
    data = {"login": "nobody@example.org", "password": "wrong", "csrfmiddlewaretoken": hidden(page)}
    sent = [
        visitor.post("/accounts/login/", data=data, headers={"Referer": str(page.url)}) for _one in range(25)
    ]
    refused = [
        answer for answer in sent if answer.status_code == 429 and answer.headers.get("retry-after") == "60"
    ]
    assert len(refused) >= 10
    assert "You tried too often" in refused[-1].text
    assert lacks(refused[-1]) == {}
    assert visitor.get("/accounts/login/").status_code == 200
    assert come("127.0.0.10").get("/accounts/login/").status_code == 200


def test_log_has_the_real_address_whatever_the_sender_claims(stack, technician, come):
    visitor = come(
        "127.0.0.77",
        headers={"X-Forwarded-For": "6.6.6.6", "Forwarded": "for=6.6.6.6", "X-Real-IP": "6.6.6.6"},
    )
    visitor.sign_in()
    assert visitor.get("/upload/").status_code == 200
    with contextlib.closing(stack.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT address FROM audit_auditevent WHERE address <> ''")
        seen = {address for (address,) in cursor.fetchall()}
    assert "127.0.0.77" in seen
    assert "6.6.6.6" not in seen


class Load:
    """A bounded number of people who open pages and send forms until told to stop."""

    def __init__(self, stack, cookies):
        self.stack, self.cookies, self.over = stack, cookies, threading.Event()
        self.good, self.bad = 0, []
        self.threads = [threading.Thread(target=self.person, args=(number,)) for number in range(4)]

    def person(self, number):
        with Visitor(self.stack.url, verify=self.stack.trust, cookies=self.cookies) as visitor:
            while not self.over.wait(0.05):
                try:
                    answer = (
                        visitor.upload(hostile.jpeg(seed=number)) if number == 0 else visitor.get("/upload/")
                    )
                    if answer.status_code == 200:
                        self.good += 1
                    else:
                        self.bad.append(answer.status_code)
                except (httpx.HTTPError, AssertionError) as problem:
                    self.bad.append(repr(problem))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_problem):
        self.over.set()
        for thread in self.threads:
            thread.join(60)


MAKE_TOKEN = """
from accounts.models import Site, User
from accounts.tokens import token_create
from hematovision.core.origin import Origin
admin = User.objects.create(email="admin@example.org", name="A", role="admin", site=Site.objects.first())
facts = {"name": "Prometheus", "scopes": ["metrics"], "days": 1, "origin": Origin()}
print(token_create(actor=admin, person=admin, **facts)[1])
"""


@pytest.fixture(scope="module")
def scrape(stack, technician):
    """Ask for the metrics, by nginx or one web server; returns name and labels -> number."""
    headers = {"Authorization": f"Bearer {stack.manage('shell', '-v0', '-c', MAKE_TOKEN)}"}
    headers["X-Forwarded-Proto"] = "https"

    def scrape(url=stack.url):
        answer = httpx.get(f"{url}/metrics", headers=headers, verify=stack.trust)
        assert answer.status_code == 200, answer.text
        return {
            (sample.name.removeprefix("hematovision_"), *sorted(sample.labels.values())): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }

    return scrape


def test_metrics_come_for_a_token_alone(stack, scrape):
    assert httpx.get(f"{stack.url}/metrics", verify=stack.trust).status_code == 401
    told = scrape()
    assert told["part_present", "database"] == told["part_present", "inference"] == 1
    assert told["workers", "inference"] == 1
    assert told["analysis_attempt_seconds_count", "done"] >= 1
    assert told["audit_events_total",] > 3


def test_requests_of_both_web_servers_add_up_whoever_is_asked(stack, scrape):
    url = {name: f"http://127.0.0.1:{stack.ports[name]}" for name in WEB}
    counted = ("http_request_seconds_count", "2xx", "GET", "verify")
    before = scrape().get(counted, 0)
    for name, times in (("web-a", 3), ("web-b", 4)):
        for _each in range(times):
            httpx.get(f"{url[name]}/verify/", headers={"X-Forwarded-Proto": "https"})
    assert [scrape(url[name])[counted] - before for name in WEB] == [7, 7]


def test_a_dead_worker_disappears_and_what_it_did_stays(stack, scrape):
    done = scrape()["analysis_attempt_seconds_count", "done"]
    os.killpg(stack.parts["inference"].process.pid, signal.SIGKILL)
    until(lambda: scrape()["workers", "inference"] == 0)
    assert scrape()["part_present", "inference"] == 0
    assert scrape()["analysis_attempt_seconds_count", "done"] == done
    stack.start_part("inference")
    until(lambda: scrape()["workers", "inference"] == 1)


def test_web_servers_are_replaced_without_a_failed_request(stack, technician):
    with Load(stack, dict(technician.cookies)) as load:
        replaced = [stack.replace(name) for name in WEB]
    assert all(old != new for old, new in replaced)
    assert load.bad == []
    assert load.good > 200


def test_nobody_there_is_a_page_of_ours(stack, come):
    for name in WEB:
        stack.parts[name].ask_to_stop()
    for name in WEB:
        stack.parts[name].end()
    assert not stack.alive("web-a", "web")
    try:
        answer = come("127.0.0.12").get("/accounts/login/")
        assert answer.status_code == 503
        assert "Not available" in answer.text
        assert answer.headers["retry-after"] == "60"
        assert lacks(answer) == {}
        style = re.search(r'href="(/static/css/[^"]+\.css)"', answer.text)[1]
        assert come("127.0.0.12").get(style).status_code == 200
        for_programs(come("127.0.0.12").get("/api/v1/schema"), 503, "database_away")
    finally:
        for name in WEB:
            stack.start_part(name)


def test_logs_hold_no_password_and_no_address_of_a_page(stack):
    said = stack.logs()
    assert PASSWORD not in said
    assert "/welcome/" not in (stack.log / "nginx.log").read_text()
    assert (stack.log / "nginx.log").stat().st_size == 0
