"""A W&B server on loopback that answers the real client from invented runs."""
