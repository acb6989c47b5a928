"""A second factor for logins to the admin: a code that an app on one's phone shows (TOTP, by django-otp), or one of ten
recovery codes.

Off for each account until its owner turns it on; STAFF_SECOND_FACTOR=1 asks it of everybody. Between password and code
somebody is logged in for Django, and not for the admin (`BoardSite.has_permission`).

What a session still needs is noted in it at the login, and again whenever the session is written (`sessions`): so pages
ask the database nothing for it, and where a factor is turned on one's other sessions are asked for it soon.
"""

import base64
from typing import Any

import segno
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe
from django_otp import user_has_device, verify_token
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice, default_key

RECOVERY_CODES = 10
_STATE, _KEY = "second_factor", "second_factor_key"
_NONE, _NEEDED, _PASSED = "none", "needed", "passed"


@receiver(user_logged_in)
def begin_anew(request: HttpRequest, user: Any, **rest: Any) -> None:
    request.session.pop(_STATE, None)
    note(request, user)


def note(request: HttpRequest, user: Any) -> None:
    """Writes down whether this session's account has a factor, which it then has to show."""
    if request.session.get(_STATE) != _PASSED:
        request.session[_STATE] = _NEEDED if is_on(user) else _NONE


def is_passed(request: HttpRequest) -> bool:
    """Whether the password was enough, or a code came after it."""
    state = request.session.get(_STATE)
    return state == _PASSED or (state == _NONE and not settings.STAFF_SECOND_FACTOR)


def is_on(user: Any) -> bool:
    return user_has_device(user)


def pass_with(request: HttpRequest, code: str) -> bool:
    """Whether this is a code of the account's; the session has then passed. Each works once, and django-otp makes
    those wait longer and longer who try wrong ones."""
    model = TOTPDevice if code.isdigit() else StaticDevice
    device = model.objects.devices_for_user(request.user, confirmed=True).first()
    if device is None or not verify_token(request.user, device.persistent_id, code):
        return False
    request.session[_STATE] = _PASSED
    return True


# --- Turning it on and off ----------------------------------------------------------------------------


def planned(request: HttpRequest) -> TOTPDevice:
    """The factor that this session is about to turn on; its key waits in the session, so no row is left behind."""
    if _KEY not in request.session:
        request.session[_KEY] = default_key()
    return TOTPDevice(user=request.user, name="App", key=request.session[_KEY])


def key_to_type(device: TOTPDevice) -> str:
    """The key in groups of four, for apps that cannot see the picture."""
    key = base64.b32encode(device.bin_key).decode()
    return " ".join(key[start : start + 4] for start in range(0, len(key), 4))


def picture(device: TOTPDevice) -> SafeString:
    """The key as a QR code, dark on light in either colour scheme; made here, for it is nobody else's to see."""
    svg = segno.make(device.config_url, micro=False).svg_inline(omitsize=True, border=4, light="#fff", svgclass="qr")
    return mark_safe(svg)  # noqa: S308  of numbers alone


def turn_on(request: HttpRequest, code: str) -> list[str] | None:
    """Recovery codes, once the app has shown by a code that it has the key; else None."""
    device = planned(request)
    with transaction.atomic():
        turn_off(request.user)
        device.save()
        if not verify_token(request.user, device.persistent_id, code):
            transaction.set_rollback(True)
            return None
        codes = new_recovery_codes(request.user)
    del request.session[_KEY]
    request.session[_STATE] = _PASSED
    return codes


def new_recovery_codes(user: Any) -> list[str]:
    """Ten codes in place of those there were."""
    with transaction.atomic():
        StaticDevice.objects.filter(user=user).delete()
        device = StaticDevice.objects.create(user=user, name="Recovery codes")
        codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
        StaticToken.objects.bulk_create(StaticToken(device=device, token=code) for code in codes)
    return codes


def recovery_codes_left(user: Any) -> int:
    return StaticToken.objects.filter(device__user=user).count()


def turn_off(user: Any) -> bool:
    """Whether there was one."""
    was_on = is_on(user)
    TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()
    return was_on
