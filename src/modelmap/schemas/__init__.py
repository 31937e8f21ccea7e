"""The schema of every table, by the part of the data flow that makes it."""
