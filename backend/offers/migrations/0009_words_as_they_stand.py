"""Documents keep words as people wrote them: what is a form or a compound of what is decided when somebody asks.

Stemmed and folded words could not be told apart: "städ" found "stad", and "lager" (stem "lag") found "matlagning".
"""

from importlib import import_module

import django.contrib.postgres.indexes
from django.db import migrations, models

SEARCH, NEAR = (import_module(f"backend.offers.migrations.{name}") for name in ("0005_search", "0006_words_near_a_place"))
BEFORE = {
    "source": SEARCH.SOURCE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
    "refresh": NEAR.REFRESH,
    "learn": SEARCH.LEARN.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
}
SOURCE = BEFORE["source"].replace("offers_search_fold(", "lower(")
REFRESH = BEFORE["refresh"].replace("to_tsvector('swedish',", "to_tsvector('simple',")
LEARN = """
CREATE OR REPLACE FUNCTION offers_search_learn(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    fresh text[];
BEGIN
    SELECT array_agg(found.word ORDER BY found.word) INTO fresh FROM (
        SELECT DISTINCT unnest(tsvector_to_array(to_tsvector('simple',
            concat_ws(' ', source.title, source.names, source.places, source.long)))) AS word
        FROM offers_search_source(ids) source
    ) found
    WHERE length(found.word) BETWEEN 2 AND 40 AND found.word ~ '^[[:alpha:]]+$'
        AND ts_lexize('swedish_stem', found.word) <> '{}'
        AND NOT EXISTS (SELECT FROM offers_searchword known WHERE known.word = found.word);
    IF fresh IS NOT NULL AND pg_try_advisory_xact_lock(hashtext('offers.search_words')) THEN
        INSERT INTO offers_searchword (word, folded)
        SELECT word, offers_search_fold(word) FROM unnest(fresh) AS word ON CONFLICT DO NOTHING;
    END IF;
END $$;
"""
# The last step on the way back, with the functions as they were.
FILL_BEFORE = """
DELETE FROM offers_searchword;
SELECT offers_search_refresh(array_agg(id)) FROM offers_offer WHERE state = 'published';
"""


class Migration(migrations.Migration):
    dependencies = [("offers", "0008_supervisor_contact")]

    operations = [
        # Derived rows: 0010 fills them anew.
        migrations.RunSQL("DELETE FROM offers_searchword", FILL_BEFORE),
        migrations.RemoveIndex(model_name="searchword", name="searchword_trigrams"),
        migrations.AddField(
            model_name="searchword",
            name="folded",
            field=models.CharField(max_length=40, default=""),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="searchword", index=models.Index(fields=["folded"], name="searchword_folded")
        ),
        migrations.AddIndex(
            model_name="searchword",
            index=django.contrib.postgres.indexes.GinIndex(
                fastupdate=False, fields=["folded"], name="searchword_trigrams", opclasses=["gin_trgm_ops"]
            ),
        ),
        migrations.RunSQL(SOURCE, BEFORE["source"]),
        migrations.RunSQL(LEARN, BEFORE["learn"]),
        migrations.RunSQL(REFRESH, BEFORE["refresh"]),
    ]
