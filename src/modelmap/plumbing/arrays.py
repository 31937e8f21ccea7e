"""Names for types of numpy arrays: the data type, and how many axes."""

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
"""float64, two axes."""
Vector = NDArray[np.float64]
"""float64, one axis."""
Values = NDArray[np.float64]
"""float64, of any shape."""
Indices = NDArray[np.int64]
"""int64, one axis: numbers of models, texts or documents."""
Mask = NDArray[np.bool_]
"""bool, of any shape."""
