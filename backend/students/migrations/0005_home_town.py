from django.db import migrations, models

# A point that is not the rounded middle of the municipality is one that the student gave.
SET_BY_SOMEBODY = """
UPDATE students_student student SET position_source = 'pin'
WHERE student.lat IS NOT NULL AND NOT EXISTS (
    SELECT FROM reference_municipality town
    WHERE town.code = student.municipality_id AND abs(town.lat - student.lat) < 0.006
    AND abs(town.lon - student.lon) < 0.006
)
"""
SOURCES = [
    ("pin", "Set on the map"),
    ("postcode", "From the postcode"),
    ("town", "From the town"),
    ("municipality", "The middle of the municipality"),
]


class Migration(migrations.Migration):
    dependencies = [("students", "0004_left_lists"), ("reference", "0001_initial")]

    operations = [
        migrations.AddField(
            "student",
            "home_town",
            models.CharField(blank=True, default="", max_length=120, verbose_name="Home town"),
        ),
        migrations.AddField(
            "student",
            "position_source",
            models.CharField(choices=SOURCES, default="municipality", max_length=12),
        ),
        migrations.RunSQL(SET_BY_SOMEBODY, migrations.RunSQL.noop),
        migrations.AddConstraint(
            "student",
            models.CheckConstraint(
                condition=models.Q(position_source__in=["pin", "postcode", "town", "municipality"]),
                name="student_position_source_known",
            ),
        ),
    ]
