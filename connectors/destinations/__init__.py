"""One module per kind of tool that records are sent to."""
