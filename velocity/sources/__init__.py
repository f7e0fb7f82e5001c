"""Where runs come from: the contract of a source, and the sources that come with velocity."""
