"""Images behind their permission, and the two ways a file comes in."""

import io

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from predictions.models import SmearField
from predictions.pipeline import pictures
from tests.predictions import hostile


def picture(answer):
    assert answer.status_code == 200
    return Image.open(io.BytesIO(b"".join(answer) if answer.streaming else answer.content))


def file(content=None, name="smear.jpg"):
    return SimpleUploadedFile(name, hostile.jpeg() if content is None else content)


def test_images_come_harmless_and_are_never_kept_by_a_cache(client, read):
    field = read("neutrophil")
    cell = field.analyses.get().cells.get()
    for address in (reverse("field_image", args=[field.pk]), reverse("cell_crop", args=[cell.pk])):
        answer = client.get(address)
        assert answer["Cache-Control"] == "no-store"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_behind_nginx_only_the_address_of_a_stored_image_is_sent(client, settings, read):
    settings.X_ACCEL = True
    field = read("neutrophil")
    answer = client.get(reverse("field_image", args=[field.pk]))
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["X-Accel-Redirect"] == f"/stored-images/{field.image.relative_path}"
    assert answer["Content-Type"] == field.image.media_type
    assert answer["Cache-Control"] == "no-store"
    field.image.path.unlink()
    gone = client.get(reverse("field_image", args=[field.pk]))
    assert gone.status_code == 404
    assert "X-Accel-Redirect" not in gone


def test_the_crop_shows_the_cell_with_a_margin_and_the_thumbnail_the_whole(client, read):
    field = read("monocyte")
    cell = field.analyses.get().cells.get()
    assert picture(client.get(reverse("field_image", args=[field.pk]))).size == (640, 480)
    assert picture(client.get(reverse("field_image", args=[field.pk]) + "?size=small")).size == (192, 144)
    assert max(picture(client.get(reverse("cell_crop", args=[cell.pk]))).size) == 192


def test_a_crop_at_the_edge_stays_inside_the_image(tmp_path):
    path = tmp_path / "edge.png"
    Image.linear_gradient("L").convert("RGB").save(path)
    cut = Image.open(io.BytesIO(pictures.crop(path, ((226, 226, 256, 256),), 0)))
    assert cut.size == (192, 192)
    # The gradient grows downwards: the lowest corner is its brightest part, and nothing black was added.
    assert cut.convert("L").getextrema()[0] > 200


def test_a_missing_file_is_not_found_and_no_server_error(client, read):
    field = read("neutrophil", seed=9)
    field.image.path.unlink()
    assert client.get(reverse("field_image", args=[field.pk])).status_code == 404
    cell = field.analyses.get().cells.get()
    assert client.get(reverse("cell_crop", args=[cell.pk])).status_code == 404


def test_one_file_is_taken_and_told_where_to_look(client):
    answer = client.post(reverse("upload_file"), {"file": file()})
    assert answer.status_code == 201
    told = answer.json()
    assert client.get(told["url"]).status_code == 200
    assert b"data-state" in client.get(told["status_url"] + "?as=card").content
    assert told["duplicate_of"] is None
    again = client.post(reverse("upload_file"), {"file": file(), "single": "1"}).json()
    earlier = {"id": told["id"], "url": told["url"], "where": "an image without a sample"}
    assert again["duplicate_of"] == earlier
    assert SmearField.objects.get(pk=again["id"]).single


def test_a_refusal_is_a_code_and_a_sentence(client):
    answer = client.post(reverse("upload_file"), {"file": file(b"%PDF-1.7", "report.jpg")})
    assert answer.status_code == 415
    assert answer.json() == {
        "code": "unsupported_type",
        "message": "report.jpg: This is a PDF file. Upload JPEG, PNG or TIFF.",
    }
    assert client.post(reverse("upload_file")).json()["code"] == "no_file"
    assert not SmearField.objects.exists()


def test_the_plain_form_takes_what_it_can_and_explains_the_rest(client):
    files = [file(name="good.jpg"), file(b"", "empty.jpg"), file(b"<svg/>", "drawing.png")]
    answer = client.post(reverse("upload"), {"files": files})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "drawing.png: This is a SVG file." in html
    assert "empty.jpg" in html
    assert SmearField.objects.get().original_name == "good.jpg"


def test_sending_nothing_is_answered_with_what_to_do(client):
    answer = client.post(reverse("upload"))
    assert answer.status_code == 422
    assert "Choose one or more images first." in answer.content.decode()


def test_more_files_than_a_form_may_hold_are_refused_with_the_number(client, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2
    answer = client.post(reverse("upload"), {"files": [file(name=f"{number}.jpg") for number in range(3)]})
    assert answer.status_code == 400
    assert "The form held more than 2 files, so none was stored." in answer.content.decode()
    assert not SmearField.objects.exists()
