"""Makes ``python -m selfstop`` the same as ``selfstop``."""

from selfstop.cli import main

if __name__ == "__main__":
    main()
