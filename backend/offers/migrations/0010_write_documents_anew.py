"""Writes the documents of all published places anew, in batches that each are a transaction: may be stopped and run again."""

from django.db import migrations

BATCH = 2_000


def write_anew(apps, schema_editor) -> None:
    offers = apps.get_model("offers", "Offer").objects.using(schema_editor.connection.alias)
    last = 0
    while ids := list(
        offers.filter(state="published", pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]
    ):
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SELECT offers_search_refresh(%s)", [ids])
        last = ids[-1]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("offers", "0009_words_as_they_stand")]

    operations = [migrations.RunPython(write_anew, migrations.RunPython.noop)]
