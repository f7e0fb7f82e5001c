"""Proof that no figure moved: an earlier commit and this tree agree on the same raw inputs."""
