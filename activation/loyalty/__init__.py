"""Loyalty: points that follow from orders, tiers, rewards, and who is worth one."""
