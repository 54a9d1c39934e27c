"""The laboratory's rules; as with signed reports, the database itself refuses to change a version."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


TABLE = "predictions_rules"
# The function is of 0004, which says why this is plain SQL.
TRIGGER = f"""
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE}
    FOR EACH STATEMENT EXECUTE FUNCTION predictions_refuse();
ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER only_grows;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('predictions', '0004_reports_are_frozen'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Rules',
            fields=[
                ('id', models.PositiveIntegerField(primary_key=True, serialize=False, verbose_name='version')),
                ('content', models.JSONField()),
                ('reason', models.TextField(verbose_name='reason')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='changed')),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='changed by')),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('id__gte', 1)), name='rules_from_one'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='rules_with_reason')],
            },
        ),
        migrations.RunSQL(TRIGGER, f"DROP TRIGGER only_grows ON {TABLE};"),
    ]
