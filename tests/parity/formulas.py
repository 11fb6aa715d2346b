"""torch-fidelity's metric formulas, without its networks.

The package imports torchvision for its networks and data sets; no formula uses it, and no build of
torchvision belongs to the CPU build of torch that is pinned here, so its names are placeholders.
"""

import sys
from unittest.mock import MagicMock, patch

UNUSED = ["", ".transforms", ".transforms.functional", ".datasets", ".models"]


def torch_fidelity():
    """The modules metric_fid, metric_kid, metric_isc and metric_prc."""
    placeholders = {"torchvision" + name: MagicMock() for name in UNUSED}
    with patch.dict(sys.modules, placeholders):
        from torch_fidelity import metric_fid, metric_isc, metric_kid, metric_prc

    return metric_fid, metric_kid, metric_isc, metric_prc
