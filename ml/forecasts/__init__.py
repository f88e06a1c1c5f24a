"""A merchant's forecast: the one way from purchase days to all that is stored of it."""
