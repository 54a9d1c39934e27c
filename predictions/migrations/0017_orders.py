"""Orders of other programs, and the LOINC codes of concentrations in their place.

The first catalogue (0003) had the codes of a share *by manual count* where those of a concentration belong: a
program would have read 3.1 cells x 10^9/L as 3.1 %. Codes that a laboratory has set itself stay.

Orders are erased with the patient. What ``predictions_erase`` (0015) does is taken from the database and given
one line more, so that this change and others of the same function do not undo each other.
"""

import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.conf import settings
from django.db import migrations, models

# Cells per volume of blood, whatever the method: what 0003 filled in -> what is meant.
CONCENTRATIONS = {
    "neutrophil": ("23761-0", "26499-4"),
    "lymphocyte": ("737-7", "26474-7"),
    "monocyte": ("744-3", "26484-6"),
    "eosinophil": ("714-6", "26449-9"),
    "basophil": ("707-0", "26444-0"),
}
BEFORE = "DELETE FROM predictions_sample WHERE"
WITH_ORDERS = f"DELETE FROM predictions_order WHERE sample_id = ANY (samples);\n    {BEFORE}"
ERASE = """
DO $do$
DECLARE
    known CONSTANT text := pg_get_functiondef('predictions_erase(uuid[])'::regprocedure);
BEGIN
    IF position('{before}' IN known) = 0 THEN
        RAISE EXCEPTION 'predictions_erase is not what this migration knows.';
    END IF;
    EXECUTE replace(known, '{before}', '{after}');
END $do$
"""


def set_codes(apps, editor):
    """Put the codes of concentrations where the first catalogue's stand."""
    rows = apps.get_model("predictions", "CellType").objects.using(editor.connection.alias)
    for code, (first, meant) in CONCENTRATIONS.items():
        rows.filter(code=code, loinc_count=first).update(loinc_count=meant)


class Migration(migrations.Migration):

    dependencies = [
        ('predictions', '0016_exchange'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='celltype',
            name='loinc_count',
            field=models.CharField(blank=True, max_length=10, verbose_name='LOINC of the concentration'),
        ),
        migrations.CreateModel(
            name='Order',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('system', models.CharField(max_length=255)),
                ('value', models.CharField(max_length=128)),
                ('patient_system', models.CharField(blank=True, max_length=255)),
                ('patient_value', models.CharField(max_length=64)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('placed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('sample', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='order', to='predictions.sample')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('system', 'value'), name='order_once')],
            },
        ),
        migrations.RunPython(set_codes, migrations.RunPython.noop, elidable=False),
        migrations.RunSQL(
            ERASE.format(before=BEFORE, after=WITH_ORDERS), ERASE.format(before=WITH_ORDERS, after=BEFORE)
        ),
    ]
