#!/usr/bin/env python
"""Django's command line for the board."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jobboard.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as reason:
        print(reason, file=sys.stderr)
        # The status that the board's commands give where they could not run.
        sys.exit(3)


if __name__ == "__main__":
    main()
