"""Answers assistants over the Model Context Protocol, in the scope of the person who asks."""
