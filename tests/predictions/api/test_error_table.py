"""The tables of errors in the documents and the codes in the code are the same."""

import re
from collections import defaultdict
from pathlib import Path

from rest_framework import exceptions

from hematovision.core.errors import PortalError
from hematovision.core.views import CODES
from hematovision.urls import urlpatterns
from predictions.api.describe import REFUSALS
from predictions.api.describe_fhir import REFUSED
from predictions.api.errors import TOLD
from predictions.refusals import SENTENCES, refused

ROOT = Path(__file__).resolve().parents[3]
WORD = re.compile(r"`([a-z]+(?:_[a-z]+)*)`")
# What the pages alone answer, and uploads in pieces.
PAGES = {
    *("answered_before", "bundle_refused", "catalogue_refused", "dataset_refused", "destination_refused"),
    *("drift_refused", "erasure_refused", "error", "evaluation_refused"),
    *("gate_not_passed", "gate_refused", "head_unreadable", "last_admin", "link_unusable"),
    *("move_refused", "not_failed", "oneself", "promotion_refused"),
    *("reanalysis_refused", "reset_refused", "rules_refused", "signing_refused"),
    *("training_refused", "view_refused"),
    *("too_many_unfinished", "upload_gone", "wrong_offset", "too_long", "altered"),
    # Of workers, whose modules are there only where another test has loaded them.
    *("evaluation_failed", "import_refused", "model_unavailable", "training_failed"),
}
FRAMEWORK = (
    *(exceptions.AuthenticationFailed, exceptions.MethodNotAllowed, exceptions.NotAcceptable),
    *(exceptions.NotAuthenticated, exceptions.ParseError, exceptions.Throttled),
    *(exceptions.UnsupportedMediaType,),
)


def documented():
    """Each code of the tables with the statuses of its line."""
    found = {}
    for name in ("api.md", "fhir.md"):
        text = (ROOT / "docs" / name).read_text(encoding="utf-8").split("\n## Errors\n")[1].split("\n## ")[0]
        for statuses, told in re.findall(r"^\| ([\d, ]+) \| (.*) \|$", text, re.MULTILINE):
            for code in set(WORD.findall(told)) - {"errors"}:
                found.setdefault(code, set()).update(map(int, statuses.split(", ")))
    return found


def kinds(of=PortalError):
    """Every class of errors that has a code and a status of its own."""
    for kind in of.__subclasses__():
        yield kind
        yield from kinds(kind)


def answered():
    """Each code of the portal with its statuses; none where only the line that refuses says which."""
    found = defaultdict(set, {"not_allowed": {403}, "invalid": {422}})
    for code, status in (
        *((kind.code, kind.status) for kind in kinds()),
        *((kind.default_code, kind.status_code) for kind in FRAMEWORK),
        *((code, status) for _kinds, code, _text, status in TOLD),
        *((code, refused(code, **_numbers(code)).status) for code in SENTENCES),
        *((code, status) for status, code in CODES.items()),
    ):
        found[code].add(int(status))
    files = [path for path in (ROOT / "predictions").rglob("*.py") if path.name != "tus.py"]
    for path in files:
        for code in re.findall(r'(?:UploadRefused|OrderTaken)\(\s*"(\w+)"', path.read_text(encoding="utf-8")):
            found.setdefault(code, set())
    return dict(found)


def _numbers(code):
    return dict.fromkeys(re.findall(r"%\((\w+)\)d", str(SENTENCES[code])), 1)


def test_every_code_is_in_the_tables_under_its_status():
    assert urlpatterns, "which brings every module with a code along"
    told, made = documented(), answered()
    assert set(told) == set(made) - PAGES
    assert {code: made[code] for code in told if made[code] and not made[code] & told[code]} == {}


def test_the_description_tells_no_code_that_there_is_not():
    told = {
        *(code for code, _about in REFUSALS.values()),
        *(code for _kind, code, _about in REFUSED.values()),
        *re.findall(r"[a-z]+(?:_[a-z]+)+", " ".join(about for _code, about in REFUSALS.values())),
        *re.findall(r"[a-z]+(?:_[a-z]+)+", " ".join(about for *_first, about in REFUSED.values())),
    }
    assert told <= set(answered()) - PAGES
