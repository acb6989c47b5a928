"""The entrance for gunicorn: `gunicorn jobboard.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jobboard.settings")

application = get_wsgi_application()

# The apps are there only now.
from postings import databases  # noqa: E402  it reads the settings

databases.serve()
