"""The interactive map: one HTML file that opens from disk and loads nothing from elsewhere.

The stage reads the tables of the map, and writes reports/map.html. What the page shows is in
Python here (`content.py`, `kl_rows.py`, `page_texts.py`), and how it shows it in the folder `web`.
"""
