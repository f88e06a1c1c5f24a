"""Maximum likelihood, whatever the model."""
