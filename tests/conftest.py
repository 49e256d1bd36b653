"""What all tests run under."""

from __future__ import annotations

import gc

gc.set_threshold(50_000)  # as the command line does, for the same reason
