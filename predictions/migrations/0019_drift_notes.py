"""A cause of drift that somebody has taken note of is known by its size and direction in the weeks after."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("predictions", "0018_orders"),
    ]

    operations = [
        migrations.AddField(model_name="driftweek", name="noted", field=models.JSONField(default=dict)),
    ]
