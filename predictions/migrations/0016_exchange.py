"""Destinations, their deliveries, and that a patient's deliveries are erased with the patient.

What ``predictions_erase`` (0015) does is taken from the database and given one line more, so that this change
and others of the same function do not undo each other.
"""

import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.conf import settings
from django.db import migrations, models

BEGINS = "DELETE FROM predictions_suggestedtwin WHERE sample_id = ANY (samples);"
DELIVERIES = "DELETE FROM predictions_delivery WHERE sample_id = ANY (samples);"
ERASE = """
DO $do$ BEGIN
    EXECUTE replace(pg_get_functiondef('predictions_erase(uuid[])'::regprocedure), '{before}', '{after}');
END $do$
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_machine_scopes'),
        ('predictions', '0015_erasing'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Destination',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('fhir', 'FHIR server'), ('hl7', 'HL7 v2 over MLLP'), ('webhook', 'webhook')], max_length=16, verbose_name='kind')),
                ('name', models.CharField(max_length=80, unique=True, verbose_name='name')),
                ('address', models.CharField(max_length=500, verbose_name='address')),
                ('secret', models.TextField(blank=True)),
                ('events', models.JSONField(default=list, verbose_name='events')),
                ('active', models.BooleanField(default=True, verbose_name='enabled')),
                ('failures', models.PositiveIntegerField(default=0, verbose_name='failures in a row')),
                ('disabled_at', models.DateTimeField(blank=True, null=True)),
                ('disabled_reason', models.CharField(blank=True, max_length=200)),
                ('leased_until', models.DateTimeField(blank=True, null=True)),
                ('fence', models.PositiveBigIntegerField(default=0)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='added')),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('site', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.site', verbose_name='site')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('key', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('event', models.CharField(choices=[('report.signed', 'report signed'), ('report.amended', 'report amended'), ('sample.analysed', 'sample analysed'), ('model.promoted', 'model made active'), ('test', 'test')], max_length=24, verbose_name='event')),
                ('subject', models.CharField(max_length=80)),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('delivered', 'delivered'), ('dead', 'given up')], default='waiting', max_length=16, verbose_name='state')),
                ('attempts', models.PositiveIntegerField(default=0, verbose_name='tries')),
                ('next_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='next try')),
                ('give_up_at', models.DateTimeField()),
                ('last_answer', models.CharField(blank=True, max_length=500, verbose_name='last answer')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='posted')),
                ('delivered_at', models.DateTimeField(null=True, verbose_name='delivered')),
                ('report', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='predictions.report')),
                ('sample', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='predictions.sample')),
                ('destination', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='predictions.destination')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.AddConstraint(
            model_name='destination',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('active', True), ('disabled_at', None), ('disabled_reason', '')), models.Q(('active', False), ('disabled_at__isnull', False), models.Q(('disabled_reason', ''), _negated=True)), _connector='OR'), name='destination_disabled_with_reason'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['destination', 'sample', 'id'], name='delivery_waiting'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['destination', '-delivered_at'], name='delivery_last'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(fields=('destination', 'event', 'subject'), name='delivery_once'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(('report', None), ('sample__isnull', False), _connector='OR'), name='delivery_report_with_sample'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('delivered_at__isnull', False), ('state', 'delivered')), models.Q(models.Q(('state', 'delivered'), _negated=True), ('delivered_at', None)), _connector='OR'), name='delivery_delivered_at_end'),
        ),
        migrations.RunSQL(
            ERASE.format(before=BEGINS, after=f"{DELIVERIES} {BEGINS}"),
            ERASE.format(before=DELIVERIES, after=""),
        ),
    ]
