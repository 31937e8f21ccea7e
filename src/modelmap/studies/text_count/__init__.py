"""Study text_count: measures what smaller text sets would have given, and how many texts they need.

Reads data/matrix.parquet; writes reports/studies/text_count.csv and text_count.json.
"""
