"""A W&B server on loopback that serves invented runs to the real client."""
