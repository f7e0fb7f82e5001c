"""The roster: people, streams, roles, rates and grants."""
