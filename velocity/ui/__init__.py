"""The building blocks of all pages: their declaration, their view, and the parts they draw."""
