"""fdbench and its peers on diffusers, measured in turn on one machine (README.md)."""

import os

# Before torch is loaded anywhere: threads that spin while they wait would slow the other process.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
