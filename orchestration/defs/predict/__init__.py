"""From purchase histories to published predictions."""
