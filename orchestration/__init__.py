"""Dagster's assets, checks, schedules and sensors, the settings, and the `perennial` command. Imported by nobody."""
