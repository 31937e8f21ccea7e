"""What several tests share."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The checkout."""

# Each of several test processes would start a thread for each core, all waiting for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
