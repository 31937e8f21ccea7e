"""The report: what was asked, the map, what was found and how sure it is, in one HTML file.

The last stage. It reads the tables, the metrics and the figures that the other stages wrote, and
writes reports/report.html. It computes nothing.
"""
