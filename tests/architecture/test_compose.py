"""docker-compose.yml, Dockerfile and .env.example name things that exist. No container engine is needed to know that."""

from __future__ import annotations

import importlib
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from django.core.management import get_commands

from backend.ops.embedded.postgres import _SETTINGS as SERVER_SETTINGS
from backend.ops.embedded.postgres import INITDB_ARGUMENTS

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OWN = sorted(name for name, service in SERVICES.items() if service.get("image") == COMPOSE["x-app"]["image"])
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
# Where the published images listen, from their documentation.
IMAGE_PORTS = {"postgres": {5432}, "valkey/valkey": {6379}, "axllent/mailpit": {1025, 8025}}
SETTINGS = "".join(
    (ROOT / "backend/config/settings" / name).read_text(encoding="utf-8") for name in ("base.py", "production.py")
)
READ_BY_SETTINGS = set(re.findall(r"env(?:\.\w+)?\(\s*\"([A-Z_]+)\"", SETTINGS))
REQUIRED_BY_SETTINGS = set(re.findall(r"env(?:\.\w+)?\(\s*\"([A-Z_]+)\"\s*\)", SETTINGS))


def command_of(name: str) -> list[str]:
    """The service's command; the image's own when it names none."""
    if "command" in SERVICES[name]:
        return list(SERVICES[name]["command"])
    lines = re.findall(r"^CMD (\[.*\])$", DOCKERFILE, flags=re.MULTILINE)
    return list(yaml.safe_load(lines[-1]))


def option(command: list[str], name: str) -> str | None:
    return command[command.index(name) + 1] if name in command else None


def port_of(service: str) -> set[int]:
    if service in OWN:
        given = option(command_of(service), "--port")
        return {int(given)} if given else set()
    return IMAGE_PORTS[SERVICES[service]["image"].rpartition(":")[0]]


def test_the_processes_of_the_service_are_there_and_share_one_image() -> None:
    assert OWN == ["beat", "dispatcher", "imports", "migrate", "web", "worker"]


@pytest.mark.parametrize("name", OWN)
def test_every_command_runs_something_that_exists(name: str) -> None:
    command = command_of(name)
    if command[:3] == ["python", "-m", "backend.manage"]:
        assert command[3] in get_commands()
    elif command[0] == "celery":
        application = option(command, "--app")
        assert application is not None
        assert importlib.import_module(application).app.main == "praktiknavet"
    else:
        assert command[0] == "granian"
        module, _, attribute = command[-1].partition(":")
        spec = find_spec(module)  # not imported: the application wants the collected static files
        assert spec is not None
        assert spec.origin is not None
        assert re.search(rf"^{attribute} = ", Path(spec.origin).read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_the_health_check_runs_a_module_that_exists() -> None:
    (module,) = re.findall(r'CMD \["python", "-m", "([\w.]+)"\]', DOCKERFILE)
    assert find_spec(module) is not None


@pytest.mark.parametrize("name", OWN)
def test_every_environment_name_is_read_by_the_settings(name: str) -> None:
    names = set(SERVICES[name]["environment"])
    # Read by `prepare_database` itself.
    assert names - {"DJANGO_SETTINGS_MODULE", "SERVICE_DATABASE_URL"} <= READ_BY_SETTINGS
    assert names >= REQUIRED_BY_SETTINGS, "production refuses to start without these"
    assert find_spec(SERVICES[name]["environment"]["DJANGO_SETTINGS_MODULE"]) is not None


def test_every_variable_is_explained_in_the_example_and_the_other_way_round() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    used = set(re.findall(r"\$\{(\w+)", text))
    required = set(re.findall(r"\$\{(\w+):\?", text))
    assert used == set(re.findall(r"^(?:# )?([A-Z_]+)=", example, flags=re.MULTILINE))
    assert required == set(re.findall(r"^([A-Z_]+)=", example, flags=re.MULTILINE))


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_every_address_names_a_service_and_its_port(name: str) -> None:
    for service in OWN:
        value = re.sub(r"\$\{\w+:-(.*?)\}", r"\1", SERVICES[service]["environment"][name])
        address = urlsplit(re.sub(r"\$\{\w+:\?.*?\}", "secret", value))
        assert address.hostname in SERVICES
        assert address.port in port_of(str(address.hostname))


def database_address(service: str, name: str = "DATABASE_URL") -> Any:
    return urlsplit(re.sub(r"\$\{.*?\}", "secret", SERVICES[service]["environment"][name]))


def test_the_database_in_the_address_is_the_one_that_is_created_and_only_its_owner_migrates() -> None:
    made = SERVICES["postgres"]["environment"]
    owner = database_address("migrate")
    assert (owner.username, owner.path) == (made["POSTGRES_USER"], f"/{made['POSTGRES_DB']}")
    assert command_of("migrate")[-1] == "prepare_database"
    prepared = database_address("migrate", "SERVICE_DATABASE_URL")
    for name in set(OWN) - {"migrate"}:
        assert database_address(name) == prepared
        assert database_address(name).username != owner.username


def test_the_database_logs_as_little_as_in_development() -> None:
    given = dict(re.findall(r"--(log_\w+)=(\S+)", " ".join(SERVICES["postgres"]["command"])))
    assert given == {name: value for name, value in SERVER_SETTINGS.items() if name.startswith("log_")}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_process_is_kept_small(name: str) -> None:
    service = SERVICES[name]
    assert service["mem_limit"]
    assert "no-new-privileges:true" in service["security_opt"]
    if name != "postgres":  # its entry point writes and changes its user
        assert service["read_only"] is True
    if name not in {"postgres", "valkey"}:
        assert service["cap_drop"] == ["ALL"]


def test_the_mail_catcher_starts_only_for_a_trial() -> None:
    assert SERVICES["mail"]["profiles"] == ["trial"]


def test_the_database_sorts_and_compares_as_in_development() -> None:
    given = SERVICES["postgres"]["environment"]["POSTGRES_INITDB_ARGS"].split()
    assert given == INITDB_ARGUMENTS


def test_published_ports_are_served_and_reachable_from_this_machine_only() -> None:
    for name, service in SERVICES.items():
        for published in service.get("ports", []):
            host, _, inside = published.rsplit(":", 2)
            assert host == "127.0.0.1"
            assert int(inside) in port_of(name)


def test_the_image_exposes_and_probes_the_port_it_serves() -> None:
    served = option(command_of("web"), "--port")
    assert re.findall(r"^EXPOSE (\d+)$", DOCKERFILE, flags=re.MULTILINE) == [served]
    assert re.findall(r"PORT=(\d+)", DOCKERFILE) == [served]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_dependency_and_volume_exists(name: str) -> None:
    service = SERVICES[name]
    for other, wanted in service.get("depends_on", {}).items():
        assert other in SERVICES
        if wanted["condition"] == "service_healthy":
            assert "test" in SERVICES[other]["healthcheck"]
    for volume in service.get("volumes", []):
        assert volume.partition(":")[0] in COMPOSE["volumes"]


def test_every_volume_is_used() -> None:
    used = {volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert used == set(COMPOSE["volumes"])


def test_every_queue_has_a_worker() -> None:
    from backend.config.celery import app

    app.loader.import_default_modules()
    served: set[str] = set()
    for name in OWN:
        command = command_of(name)
        if command[0] == "celery" and "worker" in command:
            served |= set((option(command, "--queues") or app.conf.task_default_queue).split(","))
    wanted = {app.amqp.router.route({}, name)["queue"].name for name in app.tasks if not name.startswith("celery.")}
    assert wanted, "there are tasks"
    assert wanted <= served


def test_only_what_the_image_copies_is_sent_to_its_build() -> None:
    kept = set(re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), flags=re.MULTILINE))
    copied: set[str] = set()
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, flags=re.MULTILINE):
        copied |= set(sources.split())
    assert kept == copied
    assert all((ROOT / name).exists() for name in copied)
