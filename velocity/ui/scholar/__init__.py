"""The sections of a page about one scholar, each drawn from one sheet of figures."""
