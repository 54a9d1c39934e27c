"""What the worklist reads instead of counting: tallies and flags of samples; and views that people save."""

import uuid
from collections import defaultdict

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from predictions.differential.counts import CountsAs, Tally, count_differential
from predictions.differential.criticals import criticals
from predictions.selectors.rules import STARTER, rules_of

# The rule of predictions.selectors.tallied for all samples at once.
COUNT = """
INSERT INTO predictions_sampletally (sample_id, code, number)
SELECT sample_id, code, count(*)
  FROM (SELECT field.sample_id,
               COALESCE((SELECT verdict_id FROM predictions_cellreview
                          WHERE cell_id = cell.id ORDER BY id DESC LIMIT 1),
                        CASE WHEN cell.abstained OR kind.code IS NULL THEN '' ELSE cell.label END) AS code
          FROM (SELECT DISTINCT ON (field_id) id, field_id
                  FROM predictions_analysis ORDER BY field_id, created_at DESC) AS newest
          JOIN predictions_smearfield AS field ON field.id = newest.field_id AND field.sample_id IS NOT NULL
          JOIN predictions_cell AS cell ON cell.analysis_id = newest.id
          LEFT JOIN predictions_celltype AS kind ON kind.code = cell.label AND kind.active) AS told
 GROUP BY sample_id, code
"""
POOR = """
SELECT DISTINCT sample_id
  FROM (SELECT DISTINCT ON (field_id) field_id, quality
          FROM predictions_analysis ORDER BY field_id, created_at DESC) AS newest
  JOIN predictions_smearfield AS field ON field.id = newest.field_id
 WHERE sample_id IS NOT NULL AND quality <> '[]'
"""


def fill(apps, editor):
    """Count the cells of every sample and flag it as predictions.services.recount would."""
    alias = editor.connection.alias
    with editor.connection.cursor() as cursor:
        cursor.execute(COUNT)
        cursor.execute(POOR)
        poor = {sample for (sample,) in cursor.fetchall()}
    rows = {name: apps.get_model("predictions", name).objects.using(alias) for name in
            ("Sample", "SampleTally", "CellType", "Rules")}
    newest = rows["Rules"].order_by("-id").first()
    in_force = STARTER if newest is None else rules_of(newest.id, newest.content)
    types = list(rows["CellType"].all())
    names = {kind.code: kind.name for kind in types}
    told = defaultdict(dict)
    for sample, code, number in rows["SampleTally"].values_list("sample", "code", "number"):
        told[sample][code] = number
    signed = {}
    for sample in rows["Sample"].order_by("received_at", "id").iterator():
        tallies = [
            Tally(kind.code, CountsAs(kind.counts_as), told[sample.pk].get(kind.code, 0))
            for kind in types
            if kind.active or told[sample.pk].get(kind.code)
        ]
        counted = count_differential(
            tallies,
            unidentified=told[sample.pk].get("", 0),
            wbc=sample.wbc,
            smudge_policy=in_force.smudge_policy,
        )
        patient = (sample.site_id, sample.patient_reference)
        holds = {
            "critical": bool(criticals(counted, in_force.limits, names)),
            "delta": bool(sample.patient_reference) and changed(signed.get(patient), counted, in_force),
            "low_quality": sample.pk in poor,
            "unidentified": bool(counted.unidentified),
        }
        if any(holds.values()):
            sample.flags = [flag for flag, held in holds.items() if held]
            sample.save(update_fields=["flags"])
        if sample.state in ("signed", "amended"):
            signed[patient] = counted


def changed(before, counted, in_force):
    """Say whether a class has changed beyond the limit and beyond counting error."""
    if before is None or not counted.total:
        return False
    from predictions.differential.delta import compare  # scipy.stats takes a second to load

    found = compare(before, counted, in_force.delta_points)
    return any(one.beyond_limit and not one.within_counting_error for one in found)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_onetimelink'),
        ('predictions', '0009_features'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SampleTally',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('code', models.CharField(blank=True, max_length=32)),
                ('number', models.PositiveIntegerField()),
            ],
            options={
                'verbose_name_plural': 'sample tallies',
            },
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=40, verbose_name='name')),
                ('filters', models.JSONField(default=dict)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.AddField(
            model_name='sample',
            name='flags',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('critical', 'critical value'), ('delta', 'changed since the last sample'), ('low_quality', 'poor image'), ('unidentified', 'unidentified cells')], max_length=16), blank=True, default=list, editable=False, size=None),
        ),
        migrations.AddIndex(
            model_name='sample',
            index=models.Index(fields=['site', 'received_at', 'id'], name='sample_site_time'),
        ),
        migrations.AddIndex(
            model_name='sample',
            index=models.Index(fields=['created_by', 'site', 'received_at', 'id'], name='sample_person_site_time'),
        ),
        migrations.AddIndex(
            model_name='sample',
            index=django.contrib.postgres.indexes.GinIndex(fields=['flags'], name='sample_flags'),
        ),
        migrations.AddField(
            model_name='sampletally',
            name='sample',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tallies', to='predictions.sample'),
        ),
        migrations.AddField(
            model_name='savedview',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='saved_views', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='sampletally',
            index=models.Index(fields=['code', 'sample'], name='tally_code'),
        ),
        migrations.AddConstraint(
            model_name='sampletally',
            constraint=models.UniqueConstraint(fields=('sample', 'code'), include=('number',), name='tally_once'),
        ),
        migrations.AddConstraint(
            model_name='sampletally',
            constraint=models.CheckConstraint(condition=models.Q(('number__gt', 0)), name='tally_of_something'),
        ),
        migrations.AddConstraint(
            model_name='savedview',
            constraint=models.UniqueConstraint(fields=('person', 'name'), name='view_named_once'),
        ),
        migrations.AddIndex(
            model_name='smearfield',
            index=models.Index(fields=['uploaded_by', 'site'], name='field_person_site'),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
