"""What follows from fitted models: churn, lifetime value and their uncertainty."""
