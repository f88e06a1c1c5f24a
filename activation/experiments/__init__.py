"""Experiments: who is held out, what can be detected, and what a message brought. Arrays in, figures out."""
