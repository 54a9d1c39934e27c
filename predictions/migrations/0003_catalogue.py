"""The catalogue that a laboratory starts with: the model's eight classes, and what only people name."""

from django.db import migrations

# Code, name, short name, key, colour, counts as, LOINC of the share and of the count (per 100 leukocytes;
# manual count).
STARTER = (
    ("neutrophil", "Neutrophil", "NEU", "1", "c-neu", "leukocyte", "26511-6", "23761-0"),
    ("lymphocyte", "Lymphocyte", "LYM", "2", "c-lym", "leukocyte", "26478-8", "737-7"),
    ("monocyte", "Monocyte", "MON", "3", "c-mon", "leukocyte", "26485-3", "744-3"),
    ("eosinophil", "Eosinophil", "EOS", "4", "c-eos", "leukocyte", "26450-7", "714-6"),
    ("basophil", "Basophil", "BAS", "5", "c-bas", "leukocyte", "30180-4", "707-0"),
    ("immature_granulocyte", "Immature granulocyte", "IG", "6", "c-ig", "leukocyte", "38518-7", ""),
    ("erythroblast", "Erythroblast", "ERB", "7", "c-erb", "nrbc", "19048-8", ""),
    ("platelet", "Platelet", "PLT", "8", "c-plt", "platelet", "", ""),
    ("band_neutrophil", "Band neutrophil", "BAND", "9", "c-neu", "leukocyte", "", ""),
    ("blast", "Blast", "BLAST", "b", "c-own", "leukocyte", "", ""),
    ("reactive_lymphocyte", "Reactive lymphocyte", "RLYM", "r", "c-lym", "leukocyte", "", ""),
    ("plasma_cell", "Plasma cell", "PC", "p", "c-own", "leukocyte", "", ""),
    ("promyelocyte", "Promyelocyte", "PROM", "y", "c-ig", "leukocyte", "", ""),
    ("myelocyte", "Myelocyte", "MYEL", "e", "c-ig", "leukocyte", "", ""),
    ("metamyelocyte", "Metamyelocyte", "META", "t", "c-ig", "leukocyte", "", ""),
    ("smudge_cell", "Smudge cell", "SMU", "g", "c-own", "smudge", "", ""),
    ("other", "Other leukocyte", "OTH", "o", "c-own", "leukocyte", "", ""),
    ("not_a_cell", "Not a cell", "ART", "0", "c-own", "artefact", "", ""),
)


def fill(apps, editor):
    """Add the starter rows; the laboratory changes them afterwards."""
    rows = apps.get_model("predictions", "CellType").objects.using(editor.connection.alias)
    names = ("code", "name", "short", "key", "colour", "counts_as", "loinc_share", "loinc_count")
    rows.bulk_create(
        rows.model(**dict(zip(names, values, strict=True)), position=10 * place)
        for place, values in enumerate(STARTER, start=1)
    )


class Migration(migrations.Migration):
    """Fills the catalogue."""

    dependencies = [("predictions", "0002_samples")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=False)]
