"""Fixtures of the pages: clients that are signed in, and fields that the shipped model has read."""

import pytest
from django.test import Client

from mlcore.engine.bundle import SHIPPED_BUNDLE
from mlcore.engine.runtime import load_predictor
from mlcore.registry.models import ModelSource, ModelState, ModelVersion
from mlcore.serving.loader import Loaded
from predictions.services.analyse import analyse_field
from predictions.synthetic import draw_field
from tests.accounts.factories import PersonFactory


@pytest.fixture(scope="session")
def predictor():
    return load_predictor(SHIPPED_BUNDLE)


@pytest.fixture
def model(db, predictor):
    return ModelVersion.objects.create(
        version=predictor.identity.version,
        sha256=predictor.identity.sha256,
        labels=list(predictor.labels),
        location="nowhere",
        source=ModelSource.SHIPPED,
        state=ModelState.ACTIVE,
    )


@pytest.fixture
def read(submit, predictor, model):
    """Upload a drawn smear and let the shipped model read it; returns the field."""

    def read(*labels, seed=1, name="smear.jpg", **options):
        content = draw_field(seed, labels=labels).encoded()
        field = submit(content, name=name, **options).field
        analyse_field(field.pk, load=lambda: Loaded(predictor, model))
        return field

    return read


@pytest.fixture
def visit():
    """Return a client that is signed in as somebody."""

    def visit(person):
        client = Client()
        client.force_login(person)
        return client

    return visit


@pytest.fixture
def client(visit, technician):
    return visit(technician)


@pytest.fixture
def doctor(db):
    return PersonFactory(doctor=True)
