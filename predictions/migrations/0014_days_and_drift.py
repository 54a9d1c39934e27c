"""Counts of each day, filled from what was read; drift and its guards; re-analyses."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import uuid
from django.conf import settings
from django.db import migrations, models


from predictions.services.days import COUNT


def fill(apps, editor):
    """Count what was read before there were such counts."""
    with editor.connection.cursor() as cursor:
        cursor.execute(COUNT.format(which="true"), {"zone": settings.TIME_ZONE})


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_factors_and_tokens'),
        ('predictions', '0013_shadow_readings'),
        ('registry', '0006_judging'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DayTally',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('day', models.DateField()),
                ('label', models.CharField(max_length=32)),
                ('cells', models.PositiveIntegerField()),
                ('unidentified', models.PositiveIntegerField(default=0)),
                ('reviewed', models.PositiveIntegerField(default=0)),
                ('overridden', models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='DriftGuard',
            fields=[
                ('site', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='drift_guard', serialize=False, to='accounts.site')),
                ('least_confidence', models.FloatField(verbose_name='least confidence')),
                ('changed_at', models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            name='DriftWeek',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('week', models.DateField(verbose_name='week from')),
                ('fields', models.PositiveIntegerField(verbose_name='fields')),
                ('cells', models.PositiveIntegerField(verbose_name='cells')),
                ('measures', models.JSONField(default=list)),
                ('alarms', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=32), default=list, size=None)),
                ('seen', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=32), default=list, size=None)),
                ('stands', models.BooleanField(default=False)),
                ('seen_at', models.DateTimeField(null=True)),
                ('note', models.TextField(blank=True, verbose_name='note')),
                ('computed_at', models.DateTimeField(auto_now=True, verbose_name='computed')),
            ],
            options={
                'ordering': ['-week', 'site__name'],
            },
        ),
        migrations.CreateModel(
            name='ReanalysedSample',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('switched', 'shows the new reading'), ('compared', 'compared only'), ('skipped', 'nothing to read'), ('failed', 'failed')], default='waiting', max_length=16)),
                ('outcome', models.JSONField(default=dict)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('lease_until', models.DateTimeField(null=True)),
                ('fence', models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Reanalysis',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('filters', models.JSONField(default=dict)),
                ('state', models.CharField(choices=[('running', 'running'), ('stopped', 'stopped'), ('done', 'done')], default='running', max_length=16)),
                ('why_stopped', models.CharField(blank=True, max_length=200)),
                ('ordered_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='ordered')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='ended')),
            ],
            options={
                'verbose_name_plural': 'reanalyses',
                'ordering': ['-ordered_at'],
            },
        ),
        migrations.AddField(
            model_name='analysis',
            name='picture',
            field=models.JSONField(null=True, verbose_name='what the picture is like'),
        ),
        migrations.AddField(
            model_name='analysis',
            name='tightened',
            field=models.FloatField(null=True, verbose_name='least confidence while drift is looked into'),
        ),
        migrations.AlterField(
            model_name='sampleevent',
            name='kind',
            field=models.CharField(choices=[('created', 'registered'), ('edited', 'details changed'), ('uploaded', 'field uploaded'), ('analysed', 'field analysed'), ('failed', 'analysis of a field failed'), ('compared', 'fields compared'), ('read_again', 'read again by a newer model'), ('moved', 'state changed'), ('reviewed', 'cells reviewed'), ('undone', 'review taken back'), ('commented', 'commented'), ('noted', 'took note of a critical value'), ('signed', 'signed the report')], max_length=16),
        ),
        migrations.AddIndex(
            model_name='report',
            index=models.Index(condition=models.Q(('version', 1)), fields=['signed_at'], name='report_first_signed'),
        ),
        migrations.AddField(
            model_name='daytally',
            name='model_version',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.modelversion'),
        ),
        migrations.AddField(
            model_name='daytally',
            name='site',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.site'),
        ),
        migrations.AddField(
            model_name='driftguard',
            name='changed_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='driftweek',
            name='model_version',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.modelversion'),
        ),
        migrations.AddField(
            model_name='driftweek',
            name='seen_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='driftweek',
            name='site',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.site'),
        ),
        migrations.AddField(
            model_name='reanalysedsample',
            name='sample',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reanalyses', to='predictions.sample'),
        ),
        migrations.AddField(
            model_name='reanalysis',
            name='model_version',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.modelversion'),
        ),
        migrations.AddField(
            model_name='reanalysis',
            name='ordered_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='reanalysedsample',
            name='order',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='samples', to='predictions.reanalysis'),
        ),
        migrations.AddConstraint(
            model_name='daytally',
            constraint=models.UniqueConstraint(fields=('day', 'site', 'model_version', 'label'), name='day_tally_once'),
        ),
        migrations.AddConstraint(
            model_name='driftguard',
            constraint=models.CheckConstraint(condition=models.Q(('least_confidence__gt', 0), ('least_confidence__lt', 1)), name='drift_guard_is_probability'),
        ),
        migrations.AddIndex(
            model_name='driftweek',
            index=models.Index(condition=models.Q(('stands', True)), fields=['site', 'model_version'], name='drift_stands'),
        ),
        migrations.AddConstraint(
            model_name='driftweek',
            constraint=models.UniqueConstraint(fields=('site', 'model_version', 'week'), name='drift_week_once'),
        ),
        migrations.AddConstraint(
            model_name='reanalysis',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'running')), fields=('state',), name='reanalysis_one_runs'),
        ),
        migrations.AddIndex(
            model_name='reanalysedsample',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['order', 'id'], name='reanalysis_waiting'),
        ),
        migrations.AddIndex(
            model_name='reanalysedsample',
            index=models.Index(fields=['order', 'state'], name='reanalysis_progress'),
        ),
        migrations.AddConstraint(
            model_name='reanalysedsample',
            constraint=models.UniqueConstraint(fields=('order', 'sample'), name='reanalysed_once_an_order'),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
