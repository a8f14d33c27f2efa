"""Who calls: the one machine that knows the token, or nobody."""

import hmac
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse


class Machine(AnonymousUser):
    """The caller that showed the token."""

    is_authenticated = True


def token_check(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Give a middleware that sets ``request.user``; django-scim2 turns strangers away with 401."""
    expected = f"Bearer {settings.SCIM_TOKEN}".encode()

    def middleware(request: HttpRequest) -> HttpResponse:
        shown = request.headers.get("Authorization", "").encode()
        request.user = Machine() if hmac.compare_digest(shown, expected) else AnonymousUser()
        return get_response(request)

    return middleware
