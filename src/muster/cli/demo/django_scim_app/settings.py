"""Settings of the application; folder, port and token come from the environment."""

import os
from pathlib import Path

FOLDER = Path(os.environ["DJANGO_SCIM_FOLDER"])
PORT = int(os.environ["DJANGO_SCIM_PORT"])
SCIM_TOKEN = os.environ["DJANGO_SCIM_TOKEN"]

SECRET_KEY = SCIM_TOKEN
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
USE_TZ = True
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "django_scim_app.urls"
AUTH_USER_MODEL = "django_scim_app.User"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django_scim",
    "django_scim_app",
]
MIDDLEWARE = [
    "django.middleware.common.CommonMiddleware",  # gives Content-Length, so connections are kept alive
    "django_scim_app.token_check.token_check",
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": FOLDER / "application.db",
        "OPTIONS": {
            "timeout": 30,  # seconds a writer waits for another thread's transaction
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
        },
    },
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
SCIM_SERVICE_PROVIDER = {
    "SCHEME": "http",
    "NETLOC": f"127.0.0.1:{PORT}",
    "GROUP_MODEL": "django_scim_app.models.Group",
    "WWW_AUTHENTICATE_HEADER": 'Bearer realm="django_scim_app"',
    "AUTHENTICATION_SCHEMES": [
        {
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "The token given when the application was started.",
        },
    ],
}
