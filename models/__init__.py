"""The shapes of Perennial's data and the warehouse that holds them. Knows neither HTTP nor Dagster."""
