"""Pure functions and estimators of customer value on Polars and NumPy.

No I/O, no clock, no unseeded randomness.
"""
