"""Figures: a polars frame in, a Plotly figure and its words out. No Streamlit, no SQL.

Each `draw_` function takes the palette (`mode`) and a `title` that says what the figures are.
"""
