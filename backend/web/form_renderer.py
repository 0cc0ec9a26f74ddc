"""How form fields are written."""

from collections.abc import Mapping
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

SELECT = "django/forms/widgets/select.html"


class FormRenderer(DjangoTemplates):
    """Django's own, but for lists to choose from: it includes two templates for each entry, and a list of all municipalities
    or occupations took longer than the rest of its page."""

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        if template_name == SELECT:
            return select(context["widget"])
        return super().render(template_name, context, request)


def select(widget: Mapping[str, Any]) -> SafeString:
    """A `<select>` as Django's template writes it."""
    groups = format_html_join("\n", "{}", ((_group(name, options),) for name, options, _index in widget["optgroups"]))
    return format_html('<select name="{}"{}>\n{}\n</select>', widget["name"], _attributes(widget["attrs"]), groups)


def _group(name: Any, options: list[Mapping[str, Any]]) -> SafeString:
    written = format_html_join(
        "\n",
        '<option value="{}"{}>{}</option>',
        ((str(each["value"]), _attributes(each["attrs"]), each["label"]) for each in options),
    )
    return format_html('<optgroup label="{}">\n{}\n</optgroup>', name, written) if name else written


def _attributes(attrs: Mapping[str, Any]) -> SafeString:
    """True stands as a bare name, False not at all."""
    parts = (
        f" {conditional_escape(name)}" + ("" if value is True else f'="{conditional_escape(str(value))}"')
        for name, value in attrs.items()
        if value is not False
    )
    return mark_safe("".join(parts))  # noqa: S308 - each part is escaped
