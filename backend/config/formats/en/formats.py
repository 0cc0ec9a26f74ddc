"""English, as it is written in Sweden: "25 January 2027, 10:00"."""

DATE_FORMAT = "j F Y"
DATETIME_FORMAT = "j F Y, H:i"
