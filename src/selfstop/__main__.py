"""Makes ``python -m selfstop`` the same as ``selfstop``.

With ``-m`` Python looks for modules in the current directory first, so that a repository's ``signal.py`` would be run
in the place of its own. The script does not look there, nor does this; what Python has imported until it comes here,
such as ``types``, only ``python -P -m selfstop`` keeps apart.
"""

import os
import sys

if __name__ == "__main__":
    # pathlib would be looked for in the current directory, with all that it imports.
    if sys.path and not sys.flags.safe_path and sys.path[0] == os.getcwd():  # noqa: PTH109
        del sys.path[0]
    from selfstop.cli import main

    main()
