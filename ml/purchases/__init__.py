"""Models of when customers buy again and when they leave."""
