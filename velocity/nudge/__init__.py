"""Messages at the moment of a decision, to the person who can act."""
