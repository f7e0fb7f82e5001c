"""`velocity sync --watch`: a service that syncs at intervals, each time in a process of its own."""
