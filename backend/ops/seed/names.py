"""Names of people and companies that do not exist."""

from random import Random


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST = _words(
    "Alva Elsa Maja Ebba Wilma Saga Tilde Nova Liv Ronja Selma Tuva Iris Märta Signe Hedda Leah Amina Fatima Zahra Hanin Noor "
    "Sara Emma Julia Ella Moa Klara Agnes Linnea Meja Joline Rim Daria Oksana Ayan Hodan Lam Mei Sofia Elias Hugo Liam "
    "Oscar Viktor Nils Axel Arvid Melker Ludvig Sixten Alve Theo Adam Omar Yusuf Ali Hassan Amir Ibrahim Danylo Mateusz "
    "Filip Anton Gustav Isak Edvin Love Vidar Ville Otto Sam Noel Kevin Alexander Emil Jonathan Simon Robin Casper Abdi"
)
LAST = _words(
    "Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Gustafsson Pettersson Lindberg "
    "Lindqvist Lindgren Axelsson Bergström Lundgren Lundqvist Berglund Sandberg Forsberg Sjöberg Engström Eklund Danielsson "
    "Håkansson Bengtsson Wallin Nyström Holmberg Arvidsson Löfgren Söderberg Nyberg Blomqvist Claesson Nordström "
    "Mårtensson Hedlund Ström Åberg Östlund Hassan Ali Mohamed Ahmed Haddad Yilmaz Kowalski Nguyen Shevchenko Abdullahi Tesfay"
)
GROWN_UPS = _words(
    "Anna Karin Eva Maria Lena Kristina Birgitta Ingrid Helena Monica Jenny Malin Åsa Camilla Susanne Lars Anders Johan "
    "Per Mikael Peter Thomas Jan Fredrik Stefan Mattias Henrik Magnus Björn Göran Samir Leila Mehmet Agnieszka Tomasz Yasmin"
)
PLACES = _words(
    "Granviken Stenudden Lövnäset Hyttfallet Masugnsbacken Björkliden Norrtjärn Sörgruvan Ekudden Kvarnhagen Smedsbo "
    "Älvnäset Tallmon Hammardalen Bruksbacken Sågforsen Rönnhagen Långnäs Västanfors Lillhyttan Åsbyn Grönkulla Vikbacken "
    "Forshagen Dammtorp Klockarberg Nyhammar Svartviken Mossebo Övergården Hagelund Kopparnäs Dalkarlen Silverhyttan"
)


def full_name(random: Random, first: tuple[str, ...] = FIRST) -> str:
    return f"{random.choice(first)} {random.choice(LAST)}"


def ascii_part(text: str) -> str:
    """For addresses: "Åsa Öberg" -> "asa.oberg"."""
    return text.lower().translate(str.maketrans("åäöéü ", "aaoeu."))


def registration_number(serial: int) -> str:
    """A number that passes its check, in 559990-0000 and up.

    The register hands out 559 numbers in rising order and, as far as we know, has not come near this range, so no
    company in the demo shares its number with a real one. serial: 0-9999.
    """
    body = f"55999{serial:04d}"
    digits = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(body)]
    total = sum(digit // 10 + digit % 10 for digit in digits)
    return f"{body}{-total % 10}"
