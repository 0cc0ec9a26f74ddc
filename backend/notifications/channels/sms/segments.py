"""How many text messages a text is. Networks charge and cut by these parts (3GPP TS 23.038 and 23.040)."""

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Cost two places each: an escape and the sign.
_EXTENDED = "^{}\\[~]|€\f"
_ONE, _MANY = 160, 153
_ONE_WIDE, _MANY_WIDE = 70, 67


def count_segments(text: str) -> int:
    """1 for up to 160 signs of the phones' own alphabet, or 70 when any sign is outside it; less room in each of several.

    A sign that takes two places is never cut in half, which is why the parts are filled one sign at a time.
    """
    if all(sign in _BASIC or sign in _EXTENDED for sign in text):
        return _fill([2 if sign in _EXTENDED else 1 for sign in text], _ONE, _MANY)
    return _fill([len(sign.encode("utf-16-be")) // 2 for sign in text], _ONE_WIDE, _MANY_WIDE)


def _fill(places: list[int], one: int, many: int) -> int:
    if sum(places) <= one:
        return 1
    parts, used = 1, 0
    for place in places:
        if used + place > many:
            parts, used = parts + 1, 0
        used += place
    return parts
