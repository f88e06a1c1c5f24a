"""Reading shops into the archive, and landing the archive in the raw tables."""
