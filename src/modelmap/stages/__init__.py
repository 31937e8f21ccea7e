"""One thin module per DVC stage: read, call, check, write."""
