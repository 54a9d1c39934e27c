from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registry", "0004_data_sets")]

    operations = [
        migrations.AddField(
            model_name="trainingrun",
            name="history",
            field=models.JSONField(blank=True, default=list, verbose_name="history"),
        ),
        migrations.AlterField(
            model_name="trainingrun",
            name="data",
            field=models.CharField(blank=True, max_length=255, verbose_name="data folder"),
        ),
    ]
