"""The edges of a picture, as control networks are shown them, and how far two edge maps agree."""

import cv2
import numpy as np

LOW, HIGH = 100, 200  # thresholds of Canny (1986), those of the original control network's demo
TOLERANCE = np.ones((3, 3), np.uint8)  # an edge pixel may lie one pixel off


def canny(picture: np.ndarray) -> np.ndarray:
    """Edges [64, 64] bool of a picture [64, 64, 3] uint8: aperture 3, L1 norm of the gradient."""
    return cv2.Canny(np.ascontiguousarray(picture), LOW, HIGH) > 0


def control_picture(edges: np.ndarray) -> np.ndarray:
    """What the network is shown: [..., 64, 64, 3] uint8, white edges on black."""
    return np.repeat(np.where(edges, np.uint8(255), np.uint8(0))[..., None], 3, axis=-1)


def agreement(made: np.ndarray, wanted: np.ndarray) -> tuple[float, float, float]:
    """Precision, recall and F1 of the edges `made` against those `wanted`, both [64, 64] bool.

    An edge pixel counts as matched if the other map has one in the 3x3 pixels around it. No edges
    at all are right only where none are wanted.
    """
    if not made.any() or not wanted.any():
        same = float(made.any() == wanted.any())
        return same, same, same
    near_made, near_wanted = (
        cv2.dilate(edges.astype(np.uint8), TOLERANCE) > 0 for edges in (made, wanted)
    )
    precision, recall = near_wanted[made].mean(), near_made[wanted].mean()
    f1 = 2 * precision * recall / max(precision + recall, 1e-12)
    return float(precision), float(recall), float(f1)
