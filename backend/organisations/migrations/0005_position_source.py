from django.db import migrations, models

# A workplace that does not stand in the middle of its municipality was put where it stands.
SET_BY_SOMEBODY = """
UPDATE organisations_workplace site SET position_source = 'pin'
WHERE site.lat IS NOT NULL AND NOT EXISTS (
    SELECT FROM reference_municipality town
    WHERE town.code = site.municipality_id AND abs(town.lat - site.lat) < 0.00001 AND abs(town.lon - site.lon) < 0.00001
)
"""
SOURCES = [
    ("pin", "Set on the map"),
    ("postcode", "From the postcode"),
    ("town", "From the town"),
    ("municipality", "The middle of the municipality"),
]


class Migration(migrations.Migration):
    dependencies = [("organisations", "0004_contacts_and_help"), ("reference", "0001_initial")]

    operations = [
        migrations.AddField(
            "workplace",
            "position_source",
            models.CharField(choices=SOURCES, default="municipality", max_length=12),
        ),
        migrations.RunSQL(SET_BY_SOMEBODY, migrations.RunSQL.noop),
        migrations.AddConstraint(
            "workplace",
            models.CheckConstraint(
                condition=models.Q(position_source__in=["pin", "postcode", "town", "municipality"]),
                name="workplace_position_source_known",
            ),
        ),
    ]
