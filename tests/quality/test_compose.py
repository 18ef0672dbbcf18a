"""What docker-compose.yml promises: health checks, volumes, no root, and no password that everybody
knows.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from typing import Any

import pytest
import yaml

from tests.programs import ROOT

TEXT = (ROOT / "docker-compose.yml").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ["setup", "web", "worker-data", "worker-training", "beat"]
SECRETS = (
    "STUDIO_SECRET_KEY",
    "STUDIO_POSTGRES_PASSWORD",
    "STUDIO_REDIS_PASSWORD",
    "STUDIO_S3_SECRET_KEY",
    "STUDIO_S3_ROOT_PASSWORD",
)


def test_everything_that_the_studio_needs_is_there() -> None:
    assert set(SERVICES) == {*OURS, "proxy", "postgres", "redis", "s3", "s3-account"}


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"setup", "s3-account"}))
def test_lasting_service_has_a_health_check_and_starts_again(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_memory_and_processes_of_each_container_are_limited(service: dict[str, Any]) -> None:
    assert service["mem_limit"]
    assert 0 < service["pids_limit"] <= 1024


def test_reviewers_do_not_wait_for_trainings() -> None:
    assert SERVICES["worker-training"]["cpu_shares"] < 1024
    assert "cpu_shares" not in SERVICES["web"]


@pytest.mark.parametrize("name", sorted(set(SERVICES) - set(OURS)))
def test_images_are_pinned(name: str) -> None:
    assert re.fullmatch(r".+:(\d+\.\d+[\w.-]*|RELEASE\.[\dTZ-]+)", SERVICES[name]["image"])


@pytest.mark.parametrize("name", OURS)
def test_studio_does_not_know_the_root_account_of_s3(name: str) -> None:
    assert not any("ROOT" in str(part) for part in SERVICES[name]["environment"].items())


def test_image_has_the_client_of_the_database_for_backups() -> None:
    version = SERVICES["postgres"]["image"].partition(":")[2].partition(".")[0]
    assert f"postgresql-client-{version} " in SERVICES["web"]["build"]["dockerfile_inline"]


def test_image_installs_dependencies_that_are_locked() -> None:
    build = SERVICES["web"]["build"]["dockerfile_inline"]
    command = re.search(r'RUN (python -c ".+?") >', build)
    assert command is not None
    python = f"{shlex.quote(sys.executable)}{command[1].removeprefix('python')}"
    printed = subprocess.run(
        ["sh", "-c", python], cwd=ROOT, capture_output=True, check=True, text=True
    )
    needed = re.findall(r"^[\w.-]+", printed.stdout, re.MULTILINE)
    locked = re.findall(r"^[\w.-]+(?===)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert needed
    assert {name.lower() for name in needed} <= {name.lower() for name in locked}


@pytest.mark.parametrize("secret", SECRETS)
def test_secret_comes_from_the_environment_and_has_no_default(secret: str) -> None:
    uses = re.findall(rf"\$\{{{secret}([^}}]*)\}}", TEXT)
    assert uses
    assert all(use.startswith(":?") for use in uses)


def test_no_secret_is_written_down() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|_AUTH", name):
                assert str(value).startswith("${"), name


@pytest.mark.parametrize("name", OURS)
def test_our_image_runs_without_root(name: str) -> None:
    build = SERVICES[name]["build"]["dockerfile_inline"]
    assert re.search(r"^USER studio$", build, re.MULTILINE)
    assert build.index("COPY . .") < build.index("USER studio")
    assert "user" not in SERVICES[name]


@pytest.mark.parametrize("name", ["postgres", "redis", "s3"])
def test_data_survives_the_container(name: str) -> None:
    volume = SERVICES[name]["volumes"][0].split(":")[0]
    assert volume in COMPOSE["volumes"]
    assert "ports" not in SERVICES[name], "only the web server is reached from outside"


def test_proxy_is_set_up_as_the_documentation_says() -> None:
    documented = re.search(r"```nginx\n(.*?)```", (ROOT / "docs/admin.md").read_text(), re.DOTALL)
    assert documented is not None
    expected = documented[1].replace("    server_name studio.example.org;\n", "")
    for before, after in (("/etc/ssl/", "/etc/studio-tls/"), ("127.0.0.1:8000", "web:8000")):
        assert before in expected
        expected = expected.replace(before, after)
    configuration = (ROOT / "proxy/studio.conf").read_text()
    assert configuration.partition("\n")[2] == expected


def test_proxy_has_its_configuration_and_certificate_and_listens_where_people_come() -> None:
    proxy = SERVICES["proxy"]
    mounted = dict(volume.rsplit(":", 2)[:2] for volume in proxy["volumes"][:2])
    assert mounted == {
        "./proxy/studio.conf": "/etc/nginx/conf.d/default.conf",
        "${TLS_FOLDER:-./tls}": "/etc/studio-tls",
    }
    assert proxy["ports"] == ["443:443"]
    assert SERVICES["web"]["ports"][0].startswith("${STUDIO_HOST:-127.0.0.1}:")


def test_every_queue_has_a_worker() -> None:
    from studio.runs import QUEUES

    commands = " ".join(str(service.get("command", "")) for service in SERVICES.values())
    assert all(f"--queues {queue} " in commands for queue in QUEUES)


def test_compose_hands_every_setting_on() -> None:
    listed = set(re.findall(r"^#?([A-Z0-9_]+)=", EXAMPLE, re.MULTILINE))
    assert listed - {"STUDIO_DEBUG"} <= set(re.findall(r"[A-Z][A-Z0-9_]+", TEXT))


def read_as_compose_does(text: str) -> dict[str, str]:
    """Return the variables of an env file: an inline comment is only cut off after a value that is
    not empty.
    """
    found = {}
    for line in text.splitlines():
        name, equals, rest = line.partition("=")
        if not equals or line.lstrip().startswith("#"):
            continue
        value = rest.strip()
        found[name] = value if value.startswith("#") else re.sub(r"\s+#.*", "", value)
    return found


def test_a_copy_of_the_example_sets_nothing_until_it_is_filled_in() -> None:
    assert set(read_as_compose_does(EXAMPLE).values()) == {""}


def test_the_example_asks_for_what_compose_needs_and_leaves_the_rest_to_its_defaults() -> None:
    asked = set(re.findall(r"\$\{([A-Z0-9_]+):\?", TEXT))
    assert set(read_as_compose_does(EXAMPLE)) == asked


def test_every_setting_stands_alone_on_its_line() -> None:
    lines = re.findall(r"^#?[A-Z0-9_]+=.*$", EXAMPLE, re.MULTILINE)
    assert not [line for line in lines if "#" in line.removeprefix("#")]
