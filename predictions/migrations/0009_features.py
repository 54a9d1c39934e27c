"""Keeps features with each cell, suggests cells that may be counted twice, and gives people the word for it."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


def add_duplicate(apps, editor):
    """Add the type of a cell that another field shows too, wherever the laboratory's own list leaves room."""
    rows = apps.get_model("predictions", "CellType").objects.using(editor.connection.alias)
    # One that the laboratory has made itself keeps its name and key, but counts as nothing from now on.
    if rows.filter(pk="duplicate").update(counts_as="artefact", active=True):
        return
    shorts = set(rows.values_list("short", flat=True))
    short = next(name for name in ("DUP", "TWIN", *(f"DUP{n}" for n in range(2, 100))) if name not in shorts)
    key = "" if rows.filter(key="d").exists() else "d"
    last = rows.order_by("-position").values_list("position", flat=True).first() or 0
    rows.create(
        code="duplicate",
        name="Counted already",
        short=short,
        key=key,
        colour="c-own",
        counts_as="artefact",
        position=last + 10,
    )


class Migration(migrations.Migration):

    dependencies = [
        ('predictions', '0008_partial_uploads'),
    ]

    operations = [
        migrations.AddField(
            model_name='cell',
            name='features',
            field=models.BinaryField(null=True, verbose_name='what it is compared by'),
        ),
        migrations.AlterField(
            model_name='sampleevent',
            name='kind',
            field=models.CharField(choices=[('created', 'registered'), ('edited', 'details changed'), ('uploaded', 'field uploaded'), ('analysed', 'field analysed'), ('failed', 'analysis of a field failed'), ('compared', 'fields compared'), ('moved', 'state changed'), ('reviewed', 'cells reviewed'), ('undone', 'review taken back'), ('commented', 'commented'), ('noted', 'took note of a critical value'), ('signed', 'signed the report')], max_length=16),
        ),
        migrations.CreateModel(
            name='SuggestedTwin',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('score', models.FloatField(verbose_name='agreement')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('cell', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='suggested_twins', to='predictions.cell')),
                ('sample', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='suggested_twins', to='predictions.sample')),
                ('twin', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='predictions.cell')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('cell', 'twin'), name='twins_suggested_once'), models.CheckConstraint(condition=models.Q(('cell', models.F('twin')), _negated=True), name='twin_is_another_cell')],
            },
        ),
        migrations.RunPython(add_duplicate, migrations.RunPython.noop, elidable=False),
    ]
