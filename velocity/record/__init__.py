"""Where raw runs live, and what is known of how they were brought."""
