"""What the application's database role may do: read and write rows, never touch a table.

Migrations run as the owner of the tables; right after them the application role gets its rights. Tables
that only grow (``append_only = True`` on the model's class) grant neither UPDATE nor DELETE, those of the
database's own triggers (``read_only = True``) nothing but SELECT.
"""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.db import connections
from psycopg2 import sql


def grant_application_role(*, using: str, **_: Any) -> None:
    """Give the role of ``DATABASE_URL`` its rights in the schema that ``using`` has just migrated."""
    role = settings.DATABASES["default"]["USER"]
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        if cursor.fetchone() == (role,):
            return
        name = sql.Identifier(role)
        for statement in (
            "GRANT USAGE ON SCHEMA public TO {role}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
            "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}",
        ):
            cursor.execute(sql.SQL(statement).format(role=name))
        for model in apps.get_models():
            table = sql.Identifier(model._meta.db_table)  # noqa: SLF001 -- Django's documented name of it
            if getattr(model, "append_only", False):
                cursor.execute(sql.SQL("REVOKE UPDATE, DELETE ON {t} FROM {role}").format(t=table, role=name))
            if getattr(model, "read_only", False):
                revoke = sql.SQL("REVOKE INSERT, UPDATE, DELETE ON {t} FROM {role}")
                cursor.execute(revoke.format(t=table, role=name))


def connect(config: AppConfig) -> None:
    """Grant once all migrations of a run have ended."""
    from django.db.models.signals import post_migrate  # noqa: PLC0415 -- after the apps are ready

    post_migrate.connect(grant_application_role, sender=config, dispatch_uid="grant-application-role")
