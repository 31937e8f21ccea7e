"""One file per figure, drawn from tables only."""
