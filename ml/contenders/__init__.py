"""Whoever forecasts: the parametric models, what is learnt beside and on top of them, and what all have to beat."""
