"""The history: filters in the address, the search text never, pages by key."""

import re

from predictions.models import AnalysisJob, SmearField
from tests.accounts.factories import PersonFactory

HISTORY = "/fields/"


def names(answer):
    return re.findall(r'class="opens"[^>]*>([^<]+)<', answer.content.decode())


def test_it_says_what_to_do_first(client, visit, doctor):
    assert "Upload the first images" in client.get(HISTORY).content.decode()
    assert "Once a technician has uploaded" in visit(doctor).get(HISTORY).content.decode()


def test_newest_first_with_what_was_found(client, read):
    read("neutrophil", name="a.jpg")
    read("eosinophil", seed=2, name="b.jpg")
    answer = client.get(HISTORY)
    assert names(answer) == ["b.jpg", "a.jpg"]
    assert "NEU&nbsp;1" in answer.content.decode()
    assert names(client.get(HISTORY, {"label": "eosinophil"})) == ["b.jpg"]


def test_a_file_name_is_searched_by_post_only(client, submit):
    submit(name="needle.jpg")
    submit(name="hay.jpg")
    assert names(client.post(HISTORY, {"text": "needle"})) == ["needle.jpg"]
    assert len(names(client.get(HISTORY, {"text": "needle"}))) == 2
    assert "Nothing matches" in client.post(HISTORY, {"text": "thread"}).content.decode()


def test_pages_follow_each_other_without_gap_or_repetition(client, submit):
    first = submit(name="one.jpg").field
    for number in range(64):
        field = SmearField.objects.create(
            site=first.site, uploaded_by=first.uploaded_by, image=first.image, original_name=f"{number}.jpg"
        )
        AnalysisJob.objects.create(field=field, uploaded_at=field.created_at)
    seen, after, headers = [], "", {}
    while after is not None:
        answer = client.get(HISTORY, {"after": after} if after else {}, headers=headers)
        seen += names(answer)
        found = re.search(r'name="after" value="([^"]+)"', answer.content.decode())
        after, headers = (found.group(1) if found else None), {"HX-Request": "true"}
    assert seen == [f"{number}.jpg" for number in reversed(range(64))] + ["one.jpg"]
    assert "<html" not in answer.content.decode()


def test_the_next_page_of_a_search_is_posted_too(client, submit):
    for number in range(31):
        submit(name=f"needle-{number}.jpg")
    html = client.post(HISTORY, {"text": "needle"}).content.decode()
    assert f'hx-post="{HISTORY}"' in html
    assert '<input type="hidden" name="text" value="needle">' in html


def test_a_wrong_date_or_key_is_told_and_breaks_nothing(client, submit):
    submit()
    answer = client.get(HISTORY, {"date_from": "yesterday"})
    assert answer.status_code == 400
    assert "Enter a valid date." in answer.content.decode()
    assert client.get(HISTORY, {"date_to": "9999-12-31"}).status_code == 400
    answer = client.get(HISTORY, {"after": "nonsense"})
    assert answer.status_code == 400
    assert "Start again from the first." in answer.content.decode()


def test_people_of_other_sites_cannot_be_found_by_a_technician(client, visit, submit, doctor):
    submit()
    submit(actor=PersonFactory(name="Elsewhere", site=doctor.site))
    assert "Elsewhere" not in client.get(HISTORY).content.decode()
    assert "Elsewhere" in visit(doctor).get(HISTORY).content.decode()
