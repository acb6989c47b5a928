"""Takes the second factor away from somebody who lost their phone; they can turn it on again by themselves."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from postings import second_factor


class Command(BaseCommand):
    help = (
        "Takes the second factor and the recovery codes of an account away, so that its password is enough to log in, "
        "or with STAFF_SECOND_FACTOR=1 to set up another. Make sure first that it is its owner who asks."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the name that the account logs in by")

    def handle(self, *args: Any, **options: Any) -> None:
        users = get_user_model()
        try:
            user = users.objects.get_by_natural_key(options["name"])
        except users.DoesNotExist:
            raise CommandError(f"There is no account {options['name']!r}.") from None
        was_on = second_factor.turn_off(user)
        self.stdout.write("It is taken away." if was_on else "This account has none.")
