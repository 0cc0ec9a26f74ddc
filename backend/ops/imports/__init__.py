"""Places and demand from outside. See docs/imports.md for what each source is turned into, and why.

An import is one transaction: a damaged file changes nothing. Running it again with the same file changes nothing either.
"""
