from django.apps import AppConfig


class PostingsConfig(AppConfig):
    name = "postings"

    def ready(self) -> None:
        from postings import checks  # noqa: F401  registers the system checks
