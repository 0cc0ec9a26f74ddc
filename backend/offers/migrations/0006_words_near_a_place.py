"""The document of words gets the point of its place: words near a place then need one table and two of its indexes."""

from importlib import import_module

from django.db import migrations, models

REFRESH = """
CREATE OR REPLACE FUNCTION offers_search_refresh(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(cardinality(ids), 0) = 0 THEN
        RETURN;
    END IF;
    DELETE FROM offers_searchdocument document WHERE document.offer_id = ANY(ids) AND NOT EXISTS
        (SELECT FROM offers_offer offer WHERE offer.id = document.offer_id AND offer.state = 'published');
    DELETE FROM offers_searchentry entry WHERE entry.offer_id = ANY(ids) AND NOT EXISTS
        (SELECT FROM offers_offer offer WHERE offer.id = entry.offer_id AND offer.state = 'published');
    INSERT INTO offers_searchentry AS entry (offer_id, form, municipality, field, programmes, months, programmes_text,
        months_text, last_day, closes_on, published_at, lat, lon)
    SELECT source.offer_id, source.form, source.municipality, source.field, source.programmes, source.months,
        array_to_string(source.programmes, ' '), array_to_string(source.months, ' '), source.last_day, source.closes_on, source.published_at, source.lat, source.lon
    FROM offers_search_source(ids) source ORDER BY source.offer_id
    ON CONFLICT (offer_id) DO UPDATE SET
        (form, municipality, field, programmes, months, programmes_text, months_text, last_day, closes_on, published_at,
            lat, lon) =
        ROW(excluded.form, excluded.municipality, excluded.field, excluded.programmes, excluded.months,
            excluded.programmes_text, excluded.months_text, excluded.last_day, excluded.closes_on, excluded.published_at, excluded.lat, excluded.lon)
    WHERE (entry.form, entry.municipality, entry.field, entry.programmes, entry.months, entry.last_day,
            entry.closes_on, entry.published_at, entry.lat, entry.lon)
        IS DISTINCT FROM (excluded.form, excluded.municipality, excluded.field, excluded.programmes, excluded.months,
            excluded.last_day, excluded.closes_on, excluded.published_at, excluded.lat, excluded.lon);
    INSERT INTO offers_searchdocument AS document (offer_id, words, lat, lon)
    SELECT source.offer_id,
        setweight(to_tsvector('swedish', source.title), 'A') || setweight(to_tsvector('swedish', source.names), 'B')
        || setweight(to_tsvector('swedish', source.places), 'C') || to_tsvector('swedish', source.long),
        source.lat, source.lon
    FROM offers_search_source(ids) source ORDER BY source.offer_id
    ON CONFLICT (offer_id) DO UPDATE SET (words, lat, lon) = ROW(excluded.words, excluded.lat, excluded.lon)
    WHERE (document.words, document.lat, document.lon) IS DISTINCT FROM (excluded.words, excluded.lat, excluded.lon);
    PERFORM offers_search_learn(ids);
END $$;
"""
REFRESH_BEFORE = import_module("backend.offers.migrations.0005_search").REFRESH.replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
)

FILL = """
UPDATE offers_searchdocument document SET lat = entry.lat, lon = entry.lon
FROM offers_searchentry entry WHERE entry.offer_id = document.offer_id
"""


class Migration(migrations.Migration):
    dependencies = [("offers", "0005_search")]

    operations = [
        migrations.AddField(model_name="searchdocument", name="lat", field=models.FloatField(null=True)),
        migrations.AddField(model_name="searchdocument", name="lon", field=models.FloatField(null=True)),
        migrations.RunSQL(REFRESH, REFRESH_BEFORE),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="searchdocument",
            index=models.Index(fields=["lat", "lon"], name="searchdocument_point"),
        ),
    ]
