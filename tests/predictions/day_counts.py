"""Filling the table of days from every reading that there is, for data that came in by other ways."""

from django.conf import settings
from django.db import connection

from predictions.services.days import COUNT


def count_all():
    with connection.cursor() as cursor:
        cursor.execute(COUNT.format(which="true"), {"zone": settings.TIME_ZONE})
