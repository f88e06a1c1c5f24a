"""The assets, one folder per stage of the flow: ingest, transform, predict, activate."""
