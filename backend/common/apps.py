from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class CommonConfig(AppConfig):
    name = "backend.common"

    def ready(self) -> None:
        # What an app listens to, what it runs on a schedule and what it notifies about stand in fixed rooms.
        autodiscover_modules("tasks", "subscriptions", "scheduled_tasks", "notifications")
