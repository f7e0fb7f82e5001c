"""Figures: a polars frame in, a Plotly figure and its words out. No Streamlit, no SQL.

Each `draw_` function takes a `title` that says what the figures are. It draws in light colours;
`Chart.in_mode` gives the picture those of a page.
"""
