"""Servers and generators that behave like the outside world, with a truth of their own to test against."""
