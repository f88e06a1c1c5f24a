"""What customers did, as all models read it: purchase summaries and their distinct histories."""
