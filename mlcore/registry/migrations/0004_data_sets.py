"""Data sets and their versions; the database itself keeps a ready version as it is.

The tables' owner is refused too, as with signed reports.
"""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


TABLE = "registry_datasetversion"
FUNCTION = """
CREATE FUNCTION registry_ready_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' OR OLD.state = 'ready' THEN
        RAISE EXCEPTION 'A ready version of a data set is frozen: % is refused.', TG_OP
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END;
$$;
"""
TRIGGERS = f"""
CREATE TRIGGER ready_is_frozen BEFORE UPDATE OR DELETE ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION registry_ready_is_frozen();
CREATE TRIGGER ready_is_kept BEFORE TRUNCATE ON {TABLE}
    FOR EACH STATEMENT EXECUTE FUNCTION registry_ready_is_frozen();
ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER ready_is_frozen;
ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER ready_is_kept;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0003_optional_in_forms'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DataSet',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80, unique=True, verbose_name='name')),
                ('license', models.CharField(max_length=120, verbose_name='licence')),
                ('source', models.CharField(max_length=300, verbose_name='source')),
                ('excluded', models.JSONField(blank=True, default=list)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='made')),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='made by')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='DataSetVersion',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField(verbose_name='version')),
                ('sha256', models.CharField(blank=True, max_length=64, null=True, unique=True, verbose_name='SHA-256')),
                ('state', models.CharField(choices=[('importing', 'importing'), ('ready', 'ready'), ('refused', 'refused')], default='importing', max_length=16, verbose_name='state')),
                ('origin', models.CharField(choices=[('zip', 'ZIP file'), ('folder', 'folder on the server'), ('reviewed', 'reviewed cells')], max_length=16, verbose_name='origin')),
                ('order', models.JSONField(blank=True, default=dict)),
                ('counts', models.JSONField(blank=True, default=dict)),
                ('problems', models.JSONField(blank=True, default=list)),
                ('doubts', models.JSONField(blank=True, default=list)),
                ('progress', models.JSONField(blank=True, default=dict)),
                ('failure', models.TextField(blank=True, verbose_name='what went wrong')),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('fence', models.PositiveBigIntegerField(default=0)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='ordered')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='ended')),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='ordered by')),
                ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='registry.dataset')),
            ],
            options={
                'ordering': ['dataset', '-number'],
                'constraints': [models.UniqueConstraint(fields=('dataset', 'number'), name='dataset_version_once'), models.UniqueConstraint(condition=models.Q(('state', 'importing')), fields=('dataset',), name='dataset_one_import'), models.CheckConstraint(condition=models.Q(('state__in', ['importing', 'ready', 'refused'])), name='dataset_state_known'), models.CheckConstraint(condition=models.Q(models.Q(('sha256__isnull', False), ('state', 'ready')), models.Q(models.Q(('state', 'ready'), _negated=True), ('sha256__isnull', True)), _connector='OR'), name='dataset_hash_when_ready')],
            },
        ),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION registry_ready_is_frozen();"),
        migrations.RunSQL(
            TRIGGERS, f"DROP TRIGGER ready_is_kept ON {TABLE}; DROP TRIGGER ready_is_frozen ON {TABLE};"
        ),
    ]
