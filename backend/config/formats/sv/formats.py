"""Swedish: "25 januari 2027 kl. 10.00"."""

DATE_FORMAT = "j F Y"
DATETIME_FORMAT = r"j F Y \k\l. H.i"
