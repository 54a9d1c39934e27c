"""The page of a field in each of its states."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.audit.models import AuditEvent
from hematovision.core import workers
from predictions.models import AnalysisJob
from predictions.states import Failure, JobState
from predictions.web.waiting import LONGEST_WAIT_MS, next_look


def fail(field):
    job = AnalysisJob.objects.filter(field=field)
    text = {"failure_code": Failure.MODEL_ERROR, "failure_text": Failure.MODEL_ERROR.label}
    job.update(state=JobState.FAILED, finished_at=timezone.now(), **text)


def page(client, field):
    answer = client.get(reverse("field", args=[field.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_result_shows_class_confidence_every_probability_and_the_model(client, read, model):
    html = page(client, read("neutrophil"))
    assert "Neutrophil" in html
    assert re.search(r'<b class="sure">9\d\.\d %</b>', html)
    assert html.count('<svg class="bar"') == 8
    assert f"Pre-classified by model {model.version}" in html
    assert "First line against bacteria" in html
    assert "never shown blasts, other leukaemic cells, parasites, red-cell disease" in html
    assert 'hx-trigger="load' not in html


def test_what_the_model_is_unsure_of_is_called_unidentified_with_the_reason(client, read):
    field = read("neutrophil")
    cell = field.analyses.get().cells.get()
    # Results never change, so the unsure one is a second reading's.
    cell.pk, cell.number, cell.abstained, cell.reason = None, 2, True, "two classes are equally likely"
    cell.save(force_insert=True)
    html = page(client, field)
    assert "UNIDENTIFIED" in html
    assert "Two classes are equally likely. Most likely neutrophil" in html


def test_a_field_without_leukocytes_says_so(client, read):
    assert "No leukocyte was found" in page(client, read())


def test_without_a_model_the_page_says_that_it_waits_for_one(client, submit):
    html = page(client, submit().field)
    assert "Waiting for a model" in html
    assert 'hx-trigger="load delay:150ms"' in html


def test_without_a_worker_it_says_so_with_the_length_of_the_queue(client, submit, model, broker):
    broker.delete(workers.MARKS)
    first, second = submit().field, submit().field
    AnalysisJob.objects.filter(field=first).update(created_at=timezone.now() - timedelta(minutes=1))
    html = page(client, second)
    assert "Waiting for a worker" in html
    assert "1 image is ahead of it." in html
    assert "spinner" not in html


def test_with_a_worker_it_waits_for_its_turn(client, submit, model, broker):
    workers.mark(workers.INFERENCE)
    html = page(client, submit().field)
    assert "Waiting for its turn" in html
    assert "It is the next one." in html
    broker.delete(workers.MARKS)


def test_a_failure_says_why_and_can_be_retried_by_whom_it_may(client, visit, doctor, submit):
    field = submit().field
    fail(field)
    assert "The model could not read this image." in page(client, field)
    assert "Analyse again" in page(client, field)
    assert "Analyse again" not in page(visit(doctor), field)
    answer = client.post(reverse("field_retry", args=[field.pk]), follow=True)
    assert "The analysis is queued again." in answer.content.decode()
    assert AnalysisJob.objects.get(field=field).state == JobState.QUEUED


def test_retrying_what_has_not_failed_changes_nothing_and_says_so(client, read):
    field = read("neutrophil")
    answer = client.post(reverse("field_retry", args=[field.pk]), follow=True)
    assert "Only a failed analysis can be retried." in answer.content.decode()


def test_opening_is_logged_once_and_asking_again_is_not(client, read, technician):
    field = read("neutrophil")
    page(client, field)
    client.get(reverse("field_result", args=[field.pk]))
    client.get(reverse("field_image", args=[field.pk]))
    assert AuditEvent.objects.filter(event="field.opened").count() == 1


def test_no_page_holds_inline_script_or_style(client, read):
    html = page(client, read("neutrophil", "monocyte"))
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", html)


@pytest.mark.parametrize("look", [None, "0", "-7", "x", "999999999999"])
def test_looking_again_comes_later_each_time_up_to_a_limit(look):
    delay, following = next_look(look)
    assert 150 <= delay <= LONGEST_WAIT_MS
    assert next_look(str(following))[0] >= delay
