"""What the search reads: for each published offer a narrow row to count and a document of words, and a list of all words.

Triggers of the database write them, in the transaction of whatever changed an offer (migrations 0005 to 0010, docs/adr/0008).
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models


class SearchEntry(models.Model):
    """The row of a published offer.

    field: the occupation's. programmes: codes, none = for everyone. months: yyyymm of every month with a day of a
    period. The same as texts, parted by blanks, are three times faster to count by. last_day: of the last period
    (None: there is none). closes_on: the last day to apply, 9999-12-31 without one.
    lat, lon: degrees of the site, else of its municipality's centre. free_until: the last day of the last period with a free
    seat (None: there is none), as `settle_seats` last wrote it; where UnsettledSeats has the place it is not to be trusted.
    """

    offer = models.OneToOneField("offers.Offer", primary_key=True, on_delete=models.CASCADE, related_name="entry")
    form = models.CharField(max_length=30)
    municipality = models.CharField(max_length=4, null=True)
    field = models.CharField(max_length=40, null=True)
    programmes = ArrayField(models.CharField(max_length=8), default=list)
    months = ArrayField(models.IntegerField(), default=list)
    programmes_text = models.TextField()
    months_text = models.TextField()
    last_day = models.DateField(null=True)
    closes_on = models.DateField()
    published_at = models.DateTimeField()
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)
    free_until = models.DateField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["-published_at", "-offer"], name="searchentry_newest"),
            models.Index(fields=["closes_on", "-offer"], name="searchentry_closing"),
            models.Index(fields=["municipality"], name="searchentry_municipality"),
            models.Index(fields=["lat", "lon"], name="searchentry_point"),
        ]

    def __str__(self) -> str:
        return f"search entry of offer {self.offer_id}"


class SearchDocument(models.Model):
    """The words of a published offer. Apart from the entry, so that counting a hundred thousand entries reads little.

    words: in lower case as they stand, neither stemmed nor folded; weight A title, B occupation, organisation and skills,
    C place, form and programmes, D the long texts. lat, lon: as in the entry, so that words near a place are found by the
    indexes of one table.
    """

    offer = models.OneToOneField("offers.Offer", primary_key=True, on_delete=models.CASCADE, related_name="document")
    words = SearchVectorField()
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)

    class Meta:
        indexes = [
            GinIndex(fields=["words"], name="searchdocument_words", fastupdate=False),
            models.Index(fields=["lat", "lon"], name="searchdocument_point"),
        ]

    def __str__(self) -> str:
        return f"search document of offer {self.offer_id}"


class UnsettledSeats(models.Model):
    """A note that an offer's entry may be wrong about free seats, until `settle_seats` has written it anew.

    offer_id: no foreign key, which would lock the offer that somebody else may hold.
    """

    offer_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"unsettled seats of offer {self.offer_id}"


class SearchWord(models.Model):
    """A word of at least one published offer: what forms and compounds there are of a word, and what a misspelt one may have
    meant. folded: without accents.
    """

    word = models.CharField(max_length=40, primary_key=True)
    folded = models.CharField(max_length=40)

    class Meta:
        indexes = [
            models.Index(fields=["folded"], name="searchword_folded"),
            GinIndex(fields=["folded"], name="searchword_trigrams", opclasses=["gin_trgm_ops"], fastupdate=False),
        ]

    def __str__(self) -> str:
        return self.word
