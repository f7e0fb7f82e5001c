"""The proof that no figure moved: an earlier commit and this tree give the same on raw inputs."""
