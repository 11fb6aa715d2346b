"""torch-fidelity's metric formulas, without its networks.

The package imports torchvision for its networks and data sets; no formula uses it, and no build of
torchvision belongs to the CPU build of torch that is pinned here, so its names are placeholders.
"""

import sys
from unittest.mock import MagicMock

UNUSED = ["", ".transforms", ".transforms.functional", ".datasets", ".models"]


def torch_fidelity():
    """The modules metric_fid, metric_kid, metric_isc and metric_prc."""
    added = ["torchvision" + name for name in UNUSED if "torchvision" + name not in sys.modules]
    sys.modules.update({name: MagicMock() for name in added})
    from torch_fidelity import metric_fid, metric_isc, metric_kid, metric_prc

    for name in added:  # diffusers asks whether torchvision is there
        sys.modules.pop(name, None)
    return metric_fid, metric_kid, metric_isc, metric_prc
