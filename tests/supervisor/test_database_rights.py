"""The test database is used with the application's rights, as in production."""

import pytest
from django.db import connection, utils

from accounts.models import Site


@pytest.mark.django_db
def test_application_may_not_change_tables():
    with pytest.raises(utils.ProgrammingError, match="must be owner"), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_site ADD COLUMN x int")


@pytest.mark.django_db
def test_application_may_not_truncate():
    with pytest.raises(utils.ProgrammingError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute("TRUNCATE accounts_site CASCADE")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_transactional_tests_start_from_the_migrated_rows(turn):
    before = Site.objects.count()
    Site.objects.create(name="one more")
    assert Site.objects.count() == before + 1
    assert not Site.objects.filter(name="left over").exists()
    Site.objects.create(name="left over")
