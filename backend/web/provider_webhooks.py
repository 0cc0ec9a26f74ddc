"""Where providers of mail and text messages report. Signed or refused; closed as long as no secret is set."""

import logging
from collections.abc import Callable

from anymail.exceptions import AnymailConfigurationError, AnymailWebhookValidationFailure
from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from backend.notifications import webhooks
from backend.web.access import public

logger = logging.getLogger(__name__)

LARGEST_BODY = 256 * 1024


@public
@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def mail(request: HttpRequest) -> HttpResponse:
    """Reports of the provider that MAIL_REPORTS_FROM names, read and verified by django-anymail."""
    view = webhooks.mail_view(settings.MAIL_REPORTS_FROM)
    if view is None or not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        raise Http404
    return _guarded(request, view)


@public
@csrf_exempt
@require_http_methods(["POST"])
def sms(request: HttpRequest) -> HttpResponse:
    """Reports about text messages, signed as Standard Webhooks."""
    if not settings.SMS_WEBHOOK_SECRET:
        raise Http404
    return _guarded(request, webhooks.receive_sms_report)


def _guarded(request: HttpRequest, view: Callable[[HttpRequest], HttpResponse]) -> HttpResponse:
    """All of a request's reports or none; a refusal says no more than its number."""
    size = request.headers.get("Content-Length", "0")
    if not size.isdigit() or int(size) > LARGEST_BODY:
        return HttpResponse(status=413)
    try:
        with transaction.atomic():
            return view(request)
    except AnymailWebhookValidationFailure:
        return HttpResponse(status=403 if "Authorization" in request.headers else 401)
    except webhooks.Refused as refusal:
        return HttpResponse(status=refusal.status)
    except (ValueError, LookupError, TypeError, AttributeError, AnymailConfigurationError) as error:
        # Whoever sent it holds the secret, so it is worth a line; never the body, which names people.
        logger.warning("a provider's report cannot be read: %s", type(error).__name__)
        return HttpResponse(status=400)
