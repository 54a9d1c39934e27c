"""How long results and signatures took, kept beside what the dashboard counts, so that it joins no tables."""

from django.db import migrations, models
from django.db.models import Case, F, FloatField, GeneratedField, Q, When
from django.db.models.functions import Extract, Now

FILL = """
UPDATE predictions_analysisjob AS job SET uploaded_at = field.created_at
  FROM predictions_smearfield AS field WHERE field.id = job.field_id;

UPDATE predictions_sample AS sample SET first_signed_at = report.signed_at
  FROM predictions_report AS report WHERE report.sample_id = sample.id AND report.version = 1;
"""


class Migration(migrations.Migration):

    dependencies = [("predictions", "0019_drift_notes")]

    operations = [
        migrations.AddField(
            model_name="analysisjob",
            name="uploaded_at",
            field=models.DateTimeField(null=True, verbose_name="uploaded"),
        ),
        migrations.AddField(
            model_name="sample",
            name="first_signed_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="first signed"),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="analysisjob",
            name="uploaded_at",
            # Code that is being replaced does not name it; it queues a field as it stores it.
            field=models.DateTimeField(db_default=Now(), verbose_name="uploaded"),
        ),
        migrations.AddField(
            model_name="analysisjob",
            name="result_seconds",
            field=GeneratedField(
                expression=Case(
                    When(state="done", then=Extract(F("finished_at") - F("uploaded_at"), "epoch"))
                ),
                output_field=FloatField(),
                db_persist=True,
            ),
        ),
        migrations.AddField(
            model_name="sample",
            name="signature_seconds",
            field=GeneratedField(
                expression=Extract(F("first_signed_at") - F("received_at"), "epoch"),
                output_field=FloatField(),
                db_persist=True,
            ),
        ),
        migrations.RemoveIndex(model_name="report", name="report_first_signed"),
        migrations.AddIndex(
            model_name="analysisjob",
            index=models.Index(fields=["uploaded_at"], include=["result_seconds"], name="job_result"),
        ),
        migrations.AddIndex(
            model_name="sample",
            index=models.Index(
                fields=["first_signed_at"],
                include=["signature_seconds"],
                condition=Q(first_signed_at__isnull=False),
                name="sample_first_signed",
            ),
        ),
    ]
