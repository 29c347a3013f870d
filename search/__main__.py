"""``python -m search``."""

import os
import sys

# Python looks into the current folder first, which may be that of a stranger's run. The user's own
# modules there are found all the same, unless they are named like others.
HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if sys.path[:1] == [os.getcwd()] != [HOME]:
    sys.path.append(sys.path.pop(0))

try:
    from search.cli.app import main
except KeyboardInterrupt:  # modules load for a second or more
    sys.stderr.write("interrupted\n")
    sys.exit(130)

if __name__ == "__main__":
    main()
