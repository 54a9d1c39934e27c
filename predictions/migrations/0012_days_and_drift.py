"""Counts of each day, filled from what was read; drift and its guards; re-analyses."""

import django.db.models.deletion
import django.db.models.expressions
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
        ('predictions', '0011_emergency_access'),
        ('registry', '0003_optional_in_forms'),
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
        migrations.AddConstraint(
            model_name='daytally',
            constraint=models.UniqueConstraint(fields=('day', 'site', 'model_version', 'label'), name='day_tally_once'),
        ),
        migrations.AddConstraint(
            model_name='daytally',
            constraint=models.CheckConstraint(condition=models.Q(('cells__gte', django.db.models.expressions.CombinedExpression(models.F('unidentified'), '+', models.F('reviewed'))), ('reviewed__gte', models.F('overridden'))), name='day_tally_adds_up'),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
