"""What other programs may subscribe to: a person's calendar, lists of open places, open figures."""
