"""The search's own row for each published offer, written by triggers. Why: docs/adr/0008-search.md."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models

FOLD = """
CREATE FUNCTION offers_search_fold(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN translate(lower($1), 'åäöéü', 'aaoeu');
"""

# What the row of a published offer should say, and the texts its document is made of. A function rather than a view:
# a view would forbid later migrations to change the columns it reads.
SOURCE = """
CREATE FUNCTION offers_search_source(ids bigint[]) RETURNS TABLE (
    offer_id bigint, form text, municipality text, field text, programmes varchar(8)[], months int[], last_day date,
    closes_on date, published_at timestamptz, lat float8, lon float8, title text, names text, places text, long text
) LANGUAGE sql STABLE AS $$
SELECT offer.id AS offer_id, offer.form_id AS form, site.municipality_id AS municipality, occupation.field_id AS field,
    programmes.codes AS programmes, coalesce(months.months, '{}') AS months, periods.last_day,
    coalesce(offer.apply_by, DATE '9999-12-31') AS closes_on, offer.published_at,
    coalesce(site.lat, municipality.lat) AS lat, coalesce(site.lon, municipality.lon) AS lon,
    offers_search_fold(offer.title) AS title,
    offers_search_fold(concat_ws(' ', occupation.name_sv, occupation.name_en, organisation.name,
        array_to_string(offer.skills, ' '))) AS names,
    offers_search_fold(concat_ws(' ', municipality.name, county.name, site.city, form.code, form.name_sv, form.name_en,
        programmes.names)) AS places,
    offers_search_fold(concat_ws(' ', offer.tasks, offer.requirements)) AS long
FROM offers_offer offer
JOIN organisations_organisation organisation ON organisation.id = offer.organisation_id
JOIN organisations_workplace site ON site.id = offer.workplace_id
JOIN reference_placementform form ON form.code = offer.form_id
LEFT JOIN reference_municipality municipality ON municipality.code = site.municipality_id
LEFT JOIN reference_county county ON county.code = municipality.county_id
LEFT JOIN reference_occupationgroup occupation ON occupation.ssyk4 = offer.occupation_id
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(programme.code ORDER BY programme.code), '{}')::varchar(8)[] AS codes,
        string_agg(programme.name_sv, ' ' ORDER BY programme.code) AS names
    FROM offers_offer_programmes link JOIN reference_programme programme ON programme.code = link.programme_id
    WHERE link.offer_id = offer.id
) programmes
CROSS JOIN LATERAL (
    SELECT max(period."end") AS last_day FROM offers_offerperiod period WHERE period.offer_id = offer.id
) periods
CROSS JOIN LATERAL (
    SELECT array_agg(DISTINCT (extract(year FROM day) * 100 + extract(month FROM day))::int) AS months
    FROM offers_offerperiod period,
        generate_series(date_trunc('month', period.start::timestamp), period."end"::timestamp, '1 month') day
    WHERE period.offer_id = offer.id
) months
WHERE offer.state = 'published' AND offer.id = ANY(ids)
$$;
"""

# Rows are written only where they change, in the order of their ids, so that two transactions never wait crosswise.
REFRESH = """
CREATE FUNCTION offers_search_refresh(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
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
    INSERT INTO offers_searchdocument AS document (offer_id, words)
    SELECT source.offer_id,
        setweight(to_tsvector('swedish', source.title), 'A') || setweight(to_tsvector('swedish', source.names), 'B')
        || setweight(to_tsvector('swedish', source.places), 'C') || to_tsvector('swedish', source.long)
    FROM offers_search_source(ids) source ORDER BY source.offer_id
    ON CONFLICT (offer_id) DO UPDATE SET words = excluded.words WHERE document.words <> excluded.words;
    PERFORM offers_search_learn(ids);
END $$;
"""

# Only one transaction at a time adds words, and nobody waits for it: what another one skips, the nightly job adds.
LEARN = """
CREATE FUNCTION offers_search_learn(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    fresh text[];
BEGIN
    SELECT array_agg(found.word ORDER BY found.word) INTO fresh FROM (
        SELECT DISTINCT unnest(tsvector_to_array(to_tsvector('simple',
            concat_ws(' ', source.title, source.names, source.places, source.long)))) AS word
        FROM offers_search_source(ids) source
    ) found
    WHERE length(found.word) BETWEEN 3 AND 40 AND found.word ~ '^[[:alpha:]]+$'
        AND ts_lexize('swedish_stem', found.word) <> '{}'
        AND NOT EXISTS (SELECT FROM offers_searchword known WHERE known.word = found.word);
    IF fresh IS NOT NULL AND pg_try_advisory_xact_lock(hashtext('offers.search_words')) THEN
        INSERT INTO offers_searchword (word) SELECT unnest(fresh) ON CONFLICT DO NOTHING;
    END IF;
END $$;
"""

TRIGGERS = """
CREATE FUNCTION offers_search_on_offer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM offers_search_refresh(array_agg(id)) FROM changed WHERE state = 'published';
    ELSE
        PERFORM offers_search_refresh(array_agg(changed.id)) FROM changed JOIN former ON former.id = changed.id
        WHERE 'published' IN (changed.state, former.state) AND
            (changed.state, changed.title, changed.tasks, changed.requirements, changed.skills, changed.occupation_id,
             changed.form_id, changed.workplace_id, changed.organisation_id, changed.apply_by, changed.published_at)
            IS DISTINCT FROM
            (former.state, former.title, former.tasks, former.requirements, former.skills, former.occupation_id,
             former.form_id, former.workplace_id, former.organisation_id, former.apply_by, former.published_at);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER offers_search_insert AFTER INSERT ON offers_offer REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION offers_search_on_offer();
-- Django deletes an offer's parts first, which writes its entry anew.
CREATE FUNCTION offers_search_on_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM offers_searchdocument WHERE offer_id IN (SELECT id FROM former);
    DELETE FROM offers_searchentry WHERE offer_id IN (SELECT id FROM former);
    RETURN NULL;
END $$;
CREATE TRIGGER offers_search_delete AFTER DELETE ON offers_offer REFERENCING OLD TABLE AS former
    FOR EACH STATEMENT EXECUTE FUNCTION offers_search_on_deletion();
CREATE TRIGGER offers_search_update AFTER UPDATE ON offers_offer REFERENCING OLD TABLE AS former NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION offers_search_on_offer();

CREATE FUNCTION offers_search_on_part() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM offers_search_refresh(array_agg(DISTINCT offer_id)) FROM changed;
    RETURN NULL;
END $$;
CREATE FUNCTION offers_search_on_dates() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM offers_search_refresh(array_agg(DISTINCT changed.offer_id)) FROM changed JOIN former ON former.id = changed.id
    WHERE (changed.start, changed."end") IS DISTINCT FROM (former.start, former."end");
    RETURN NULL;
END $$;
CREATE TRIGGER offers_search_insert AFTER INSERT ON offers_offerperiod REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION offers_search_on_part();
CREATE TRIGGER offers_search_update AFTER UPDATE ON offers_offerperiod
    REFERENCING OLD TABLE AS former NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION offers_search_on_dates();
CREATE TRIGGER offers_search_delete AFTER DELETE ON offers_offerperiod REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION offers_search_on_part();
CREATE TRIGGER offers_search_insert AFTER INSERT ON offers_offer_programmes REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION offers_search_on_part();
CREATE TRIGGER offers_search_delete AFTER DELETE ON offers_offer_programmes REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION offers_search_on_part();

CREATE FUNCTION offers_search_on_organisation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM offers_search_refresh(array_agg(offer.id)) FROM changed JOIN former ON former.id = changed.id
    JOIN offers_offer offer ON offer.organisation_id = changed.id AND offer.state = 'published'
    WHERE changed.name IS DISTINCT FROM former.name;
    RETURN NULL;
END $$;
CREATE TRIGGER offers_search_update AFTER UPDATE ON organisations_organisation
    REFERENCING OLD TABLE AS former NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION offers_search_on_organisation();

CREATE FUNCTION offers_search_on_workplace() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM offers_search_refresh(array_agg(offer.id)) FROM changed JOIN former ON former.id = changed.id
    JOIN offers_offer offer ON offer.workplace_id = changed.id AND offer.state = 'published'
    WHERE (changed.municipality_id, changed.lat, changed.lon, changed.city)
        IS DISTINCT FROM (former.municipality_id, former.lat, former.lon, former.city);
    RETURN NULL;
END $$;
CREATE TRIGGER offers_search_update AFTER UPDATE ON organisations_workplace
    REFERENCING OLD TABLE AS former NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION offers_search_on_workplace();
"""

FILL = "SELECT offers_search_refresh(array_agg(id)) FROM offers_offer WHERE state = 'published'"

EMPTY = """
DROP TRIGGER offers_search_update ON organisations_workplace;
DROP TRIGGER offers_search_update ON organisations_organisation;
DROP TRIGGER offers_search_delete ON offers_offer_programmes;
DROP TRIGGER offers_search_insert ON offers_offer_programmes;
DROP TRIGGER offers_search_delete ON offers_offerperiod;
DROP TRIGGER offers_search_update ON offers_offerperiod;
DROP TRIGGER offers_search_insert ON offers_offerperiod;
DROP TRIGGER offers_search_update ON offers_offer;
DROP TRIGGER offers_search_delete ON offers_offer;
DROP TRIGGER offers_search_insert ON offers_offer;
DROP FUNCTION offers_search_on_workplace();
DROP FUNCTION offers_search_on_organisation();
DROP FUNCTION offers_search_on_dates();
DROP FUNCTION offers_search_on_part();
DROP FUNCTION offers_search_on_deletion();
DROP FUNCTION offers_search_on_offer();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("offers", "0004_undo"),
        ("organisations", "0001_initial"),
        ("reference", "0002_load_reference"),
    ]

    operations = [
        TrigramExtension(),
        migrations.RemoveIndex(model_name="offer", name="offer_search"),
        migrations.RemoveField(model_name="offer", name="search"),
        migrations.CreateModel(
            name="SearchWord",
            fields=[("word", models.CharField(max_length=40, primary_key=True, serialize=False))],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fastupdate=False, fields=["word"], name="searchword_trigrams", opclasses=["gin_trgm_ops"]
                    )
                ]
            },
        ),
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                (
                    "offer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="entry",
                        serialize=False,
                        to="offers.offer",
                    ),
                ),
                ("form", models.CharField(max_length=30)),
                ("municipality", models.CharField(max_length=4, null=True)),
                ("field", models.CharField(max_length=40, null=True)),
                (
                    "programmes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=8), default=list, size=None
                    ),
                ),
                (
                    "months",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), default=list, size=None
                    ),
                ),
                ("programmes_text", models.TextField()),
                ("months_text", models.TextField()),
                ("last_day", models.DateField(null=True)),
                ("closes_on", models.DateField()),
                ("published_at", models.DateTimeField()),
                ("lat", models.FloatField(null=True)),
                ("lon", models.FloatField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["-published_at", "-offer"], name="searchentry_newest"),
                    models.Index(fields=["closes_on", "-offer"], name="searchentry_closing"),
                    models.Index(fields=["municipality"], name="searchentry_municipality"),
                    models.Index(fields=["lat", "lon"], name="searchentry_point"),
                ]
            },
        ),
        migrations.CreateModel(
            name="SearchDocument",
            fields=[
                (
                    "offer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="document",
                        serialize=False,
                        to="offers.offer",
                    ),
                ),
                ("words", django.contrib.postgres.search.SearchVectorField()),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fastupdate=False, fields=["words"], name="searchdocument_words"
                    )
                ]
            },
        ),
        migrations.RunSQL(FOLD, "DROP FUNCTION offers_search_fold(text)"),
        migrations.RunSQL(SOURCE, "DROP FUNCTION offers_search_source(bigint[])"),
        migrations.RunSQL(LEARN, "DROP FUNCTION offers_search_learn(bigint[])"),
        migrations.RunSQL(REFRESH, "DROP FUNCTION offers_search_refresh(bigint[])"),
        migrations.RunSQL(TRIGGERS, EMPTY),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
