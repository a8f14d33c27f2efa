"""Make the tables where they are missing, then serve on loopback until stopped.

Usage: ``python -m django_scim_app --folder FOLDER --port PORT``, with the token in ``DJANGO_SCIM_TOKEN``.
"""

import argparse
import os

parser = argparse.ArgumentParser(prog="django_scim_app", description=__doc__)
parser.add_argument("--folder", required=True, help="where application.db lies or will lie")
parser.add_argument("--port", required=True, type=int)
arguments = parser.parse_args()
os.environ["DJANGO_SCIM_FOLDER"] = arguments.folder
os.environ["DJANGO_SCIM_PORT"] = str(arguments.port)
os.environ["DJANGO_SETTINGS_MODULE"] = "django_scim_app.settings"

import django  # noqa: E402  Django reads its settings from the environment set above
import waitress  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402

django.setup()
call_command("migrate", run_syncdb=True, verbosity=0)
waitress.serve(get_wsgi_application(), host="127.0.0.1", port=arguments.port, threads=8, ident=None)
