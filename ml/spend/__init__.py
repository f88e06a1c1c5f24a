"""Models of what a purchase day costs."""
