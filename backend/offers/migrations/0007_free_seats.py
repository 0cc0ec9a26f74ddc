"""The entry tells until when there are free seats, and triggers note where that may have changed (docs/adr/0008-search.md)."""

from django.db import migrations, models

# A note locks nothing that anybody else wants: it is a row of its own and refers to the place by number alone.
NOTE = """
CREATE FUNCTION offers_search_on_seats() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO offers_unsettledseats (offer_id)
        SELECT DISTINCT changed.offer_id FROM changed JOIN former ON former.id = changed.id
        WHERE (changed."end", changed.taken < changed.capacity)
            IS DISTINCT FROM (former."end", former.taken < former.capacity);
    ELSE
        INSERT INTO offers_unsettledseats (offer_id) SELECT DISTINCT changed.offer_id FROM changed;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER offers_search_seats_insert AFTER INSERT ON offers_offerperiod REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION offers_search_on_seats();
CREATE TRIGGER offers_search_seats_update AFTER UPDATE ON offers_offerperiod
    REFERENCING OLD TABLE AS former NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION offers_search_on_seats();
CREATE TRIGGER offers_search_seats_delete AFTER DELETE ON offers_offerperiod REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION offers_search_on_seats();
CREATE TRIGGER offers_search_seats_insert AFTER INSERT ON offers_searchentry REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION offers_search_on_seats();
"""

FORGET = """
DROP TRIGGER offers_search_seats_insert ON offers_searchentry;
DROP TRIGGER offers_search_seats_delete ON offers_offerperiod;
DROP TRIGGER offers_search_seats_update ON offers_offerperiod;
DROP TRIGGER offers_search_seats_insert ON offers_offerperiod;
DROP FUNCTION offers_search_on_seats();
"""

FILL = "INSERT INTO offers_unsettledseats (offer_id) SELECT offer_id FROM offers_searchentry"


class Migration(migrations.Migration):
    dependencies = [("offers", "0006_words_near_a_place")]

    operations = [
        migrations.CreateModel(
            name="UnsettledSeats",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("offer_id", models.BigIntegerField()),
            ],
        ),
        migrations.AddField(model_name="searchentry", name="free_until", field=models.DateField(null=True)),
        migrations.RunSQL(NOTE, FORGET),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
