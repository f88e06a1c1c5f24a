"""Decides what to send and to whom, and remembers what was accepted. Knows no vendor's API."""
