"""Campaigns: declared triggers, who they find, who is held out, and the messages to the others."""
