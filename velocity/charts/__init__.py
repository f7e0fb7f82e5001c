"""Figures: a polars frame in, a Plotly figure and its words out. No Streamlit, no SQL.

Each `draw_` function takes the palette (`mode`) and says with `title` what the figures are.
"""
