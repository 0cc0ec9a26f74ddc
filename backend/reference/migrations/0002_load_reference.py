from django.db import migrations

from backend.reference.services import load_reference


def load(apps, schema_editor):
    load_reference(registry=apps)


class Migration(migrations.Migration):
    dependencies = [("reference", "0001_initial")]

    # Going back needs no work: the tables themselves are dropped by the previous step.
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
