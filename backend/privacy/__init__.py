"""People's rights to what is kept about them: a copy of it, how long it stays, and its end."""
