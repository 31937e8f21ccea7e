"""Speed and agreement of scoring beside other programs, in an environment of their own."""
