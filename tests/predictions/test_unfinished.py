"""An image that has not come whole stands in the way of signing, until it has or is given up."""

import pytest

from hematovision.core.origin import Origin
from predictions.models import Sample
from predictions.selectors import judged
from predictions.services import Announced, partial_begin, partial_discard, sample_create

pytestmark = pytest.mark.django_db
HERE = Origin("127.0.0.1")


def test_an_image_on_its_way_blocks_until_it_is_given_up(technician):
    sample = sample_create(actor=technician, origin=HERE, facts={"accession": "HV-26-0001"})
    announced = Announced(name="smear.jpg", size=1000)
    upload = partial_begin(actor=technician, origin=HERE, announced=announced, sample_id=sample.pk)
    assert "1 image is still on its way." in judged(Sample.objects.get()).blocks
    partial_discard(actor=technician, origin=HERE, upload_id=upload.pk)
    assert not any("on its way" in block for block in judged(Sample.objects.get()).blocks)
