"""Types of numpy arrays, named by their shape."""

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
"""float64, two axes."""
Vector = NDArray[np.float64]
"""float64, one axis."""
Values = NDArray[np.float64]
"""float64, of any shape."""
Indices = NDArray[np.int64]
"""int64, one axis: positions of models, texts or documents."""
Mask = NDArray[np.bool_]
"""bool, of any shape."""
