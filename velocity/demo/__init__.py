"""The demo: a seeded cohort and the W&B-protocol server that serves it on loopback."""
