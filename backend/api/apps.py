from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "backend.api"

    def ready(self) -> None:
        # drf-spectacular finds the description of our own authentication by import.
        from backend.api import schema  # noqa: F401
