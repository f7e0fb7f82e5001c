"""The stand-up digest of a week and the brief about a scholar, as Markdown or HTML."""
