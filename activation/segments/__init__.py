"""Segments: customers by criteria over what they are, what they bought and what they will, compiled into SQL."""
