"""The outside world: sources in, destinations out. Knows neither SQL, Dagster nor the warehouse."""
