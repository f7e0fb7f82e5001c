"""Where runs come from: the contract of a source, and those that come with velocity."""
