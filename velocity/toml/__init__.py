"""Reading TOML files: values, positions, and problems told in one sentence each."""
