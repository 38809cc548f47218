"""Classes that count alike, however many examples they have."""

import numpy as np


def class_weights(labels: np.ndarray, num_classes: int) -> np.ndarray:
    """Weights under which every class counts alike.

    The mean over the examples of hit * weight[label] is the balanced accuracy: the mean of the
    accuracies within each class (Brodersen et al. 2010). Classes without an example have weight 0,
    and the mean is over the others.

    Args:
        labels: int [n].
        num_classes: number of classes.

    Returns:
        float32 [num_classes].
    """
    counts = np.bincount(labels, minlength=num_classes)
    there = counts > 0
    return (len(labels) / np.where(there, counts * there.sum(), np.inf)).astype(np.float32)


def balanced_accuracy(hits: np.ndarray, labels: np.ndarray, num_classes: int) -> float:
    """The mean over classes of the accuracy within each.

    Args:
        hits: [n], 1 where the most probable class is the label, else 0.
        labels: int [n].
        num_classes: number of classes; those without an example do not count.

    Returns:
        A number in [0, 1].
    """
    return float(np.mean(hits * class_weights(labels, num_classes)[labels], dtype=np.float64))
