"""A run is trained on one folder, as the engine takes it."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("registry", "0001_initial")]

    operations = [
        migrations.RemoveField(model_name="trainingrun", name="data"),
        migrations.AddField(
            model_name="trainingrun",
            name="data",
            field=models.CharField(default="", max_length=255, verbose_name="data folder"),
            preserve_default=False,
        ),
    ]
