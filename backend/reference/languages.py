"""The languages that a place can ask for and a student can say that they know.

ISO 639-1 codes. Swedish and English first, then the largest languages of the country's schools.
"""

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
