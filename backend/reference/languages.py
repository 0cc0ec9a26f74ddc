"""The languages that a place can ask for and a student can say that they know.

ISO 639-1 codes. Swedish and English first, then the largest languages of the country's schools.
"""

from collections.abc import Iterable

from django.utils.text import get_text_list
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

LANGUAGES = {
    "sv": _("Swedish"),
    "en": _("English"),
    "ar": _("Arabic"),
    "so": _("Somali"),
    "fa": _("Persian"),
    "ti": _("Tigrinya"),
    "uk": _("Ukrainian"),
    "pl": _("Polish"),
    "fi": _("Finnish"),
    "de": _("German"),
    "es": _("Spanish"),
    "fr": _("French"),
    "tr": _("Turkish"),
    "ku": _("Kurdish"),
    "bs": _("Bosnian"),
    "th": _("Thai"),
    "ru": _("Russian"),
    "zh": _("Chinese"),
}


def names_of_languages(codes: Iterable[str]) -> str:
    """In the active language, as in a sentence: names of languages have a capital letter in English, none in Swedish."""
    text = get_text_list([str(LANGUAGES.get(code, code)) for code in codes], gettext("and"))
    return text if (get_language() or "").startswith("en") else text.lower()
