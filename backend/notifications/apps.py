from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "backend.notifications"

    def ready(self) -> None:
        from anymail.signals import tracking

        from backend.notifications import checks  # noqa: F401
        from backend.notifications.webhooks import on_tracking

        tracking.connect(on_tracking, dispatch_uid="notifications.mail_reports")
