from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "backend.web"

    def ready(self) -> None:
        from backend.web.forms.words import use_our_words

        use_our_words()
