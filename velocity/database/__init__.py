"""DuckDB: connections, the write lock, and what a full disk or Ctrl-C looks like."""
