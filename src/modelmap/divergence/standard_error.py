"""Standard errors of KL estimates, with documents as the independent units (ours)."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Matrix = NDArray[np.float64]


def standard_errors(coordinates: Matrix, documents: NDArray[np.int64]) -> Matrix:
    """Return the standard error of every KL in nats per text, shape (K, K), zero diagonal.

    A KL is the mean over texts of t_s = (q_is - q_js)^2 / 2. Texts cut from one document are
    not independent: with D documents, SE^2 = D / (D - 1) / N^2 * sum over documents of
    (sum of t_s - KL in it)^2, which is the plain s / sqrt(N) where each document gives one text.
    `documents` numbers each text's document from 0. Raises ValueError below two documents.
    """
    n_models, n_texts = coordinates.shape
    n_documents = int(documents.max()) + 1
    if n_documents < 2:
        raise ValueError("a standard error needs texts from at least two documents")
    member = csr_matrix(
        (np.ones(n_texts), (np.arange(n_texts), documents)), shape=(n_texts, n_documents)
    )
    errors = np.empty((n_models, n_models))
    for i, row in enumerate(coordinates):
        terms = np.square(coordinates - row) / 2
        deviations = terms - terms.mean(axis=1, keepdims=True)
        totals = member.T @ deviations.T
        variance = np.square(totals).sum(axis=0) * n_documents / (n_documents - 1)
        errors[i] = np.sqrt(variance) / n_texts
    return errors
