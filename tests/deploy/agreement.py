"""Whether the deployment files agree with each other and with the code, which no schema can check."""

import re
from pathlib import Path

import checks
import yaml

compose = yaml.safe_load(Path("compose.yaml").read_text())
kustomization = checks.kustomization()
manifests = checks.manifests()
dockerfile = Path("Dockerfile").read_text()
deployment = manifests["Deployment"]["spec"]
pod = deployment["template"]["spec"]
[container] = pod["containers"]
service = compose["services"]["unkey"]

longest_request_seconds = 60


def seconds(duration: str) -> int:
    [number, unit] = re.fullmatch(r"(\d+)(s|m)", duration).groups()
    return int(number) * {"s": 1, "m": 60}[unit]


def environment() -> dict:
    return {entry["name"]: entry.get("value") for entry in container["env"]}


def variables_are_known():
    source = Path("packages/server/src/config.ts").read_text()
    known = set(re.findall(r"variable: '(\w+)'", source))
    image = set(re.findall(r"^(?:ENV|   ) (\w+)=", dockerfile, re.MULTILINE)) - {"PATH"}
    assert len(known) > 8 and len(image) == 3, (known, image)
    for names in (image, set(service["environment"]), set(environment())):
        assert names <= known, names - known


def no_secret_is_written_down():
    for name, value in environment().items():
        assert not re.search("_KEY$|_URL$", name) or value is None, name
    for each in compose["services"].values():
        for name, value in each.get("environment", {}).items():
            if re.search("_KEY$|PASSWORD$", name):
                assert re.fullmatch(r"\$\{\w+:\?.+\}", value), name
            assert "://" not in str(value) or "@" not in value or "${" in value, name
    assert "Secret" not in manifests


def every_manifest_is_applied():
    files = {file.name for file in checks.kubernetes.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(kustomization["resources"]) == files
    assert [image["name"] for image in kustomization["images"]] == [container["image"]]


def all_objects_select_the_same_pods():
    labels = deployment["template"]["metadata"]["labels"]
    assert manifests["Service"]["spec"]["selector"] == labels
    for selector in (
        deployment["selector"],
        manifests["PodDisruptionBudget"]["spec"]["selector"],
        manifests["NetworkPolicy"]["spec"]["podSelector"],
        *(spread["labelSelector"] for spread in pod["topologySpreadConstraints"]),
    ):
        assert selector == {"matchLabels": labels}
    target = manifests["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == ("Deployment", manifests["Deployment"]["metadata"]["name"])
    assert "replicas" not in deployment and manifests["HorizontalPodAutoscaler"]["spec"]["minReplicas"] == 3


def the_port_is_the_images():
    [port] = re.findall(r"^EXPOSE (\d+)$", dockerfile, re.MULTILINE)
    assert container["ports"] == [{"name": "http", "containerPort": int(port)}]
    assert manifests["Service"]["spec"]["ports"][0]["targetPort"] == "http"
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["port"] == "http"
    assert compose["services"]["balancer"]["environment"]["UNKEY_SERVERS"] == f"unkey:{port}"


def the_probes_use_endpoints_that_exist():
    endpoints = Path("packages/server/src/monitoring/endpoints.ts").read_text()
    paths = {container[probe]["httpGet"]["path"] for probe in ("livenessProbe", "readinessProbe", "startupProbe")}
    paths |= set(re.findall(r"uri (\S+)", Path("deploy/haproxy/haproxy.cfg").read_text()))
    paths |= set(re.findall(r"path: '(/[^']+)'", dockerfile))
    assert paths == {"/health/live", "/health/ready"}
    for path in paths:
        assert f"'{path}'" in endpoints, path


def the_pod_meets_the_restricted_standard():
    [user] = re.findall(r"^USER (\d+):\d+$", dockerfile, re.MULTILINE)
    context = pod["securityContext"]
    assert context["runAsNonRoot"] and context["runAsUser"] == context["fsGroup"] == int(user) > 0
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert all(set(volume) <= {"name", "emptyDir"} for volume in pod["volumes"])
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)


def a_stop_has_the_time_it_needs():
    assert pod["terminationGracePeriodSeconds"] >= (
        seconds(environment()["UNKEY_DRAIN_DELAY"]) + longest_request_seconds + 10
    )
    assert seconds(service["stop_grace_period"]) >= (
        seconds(service["environment"]["UNKEY_DRAIN_DELAY"]) + longest_request_seconds + 10
    )


def postgres_has_enough_connections():
    source = Path("packages/server/src/storage/postgres/connections.ts").read_text()
    pools = [int(most) for most in re.findall(r"max: (\d+)", source)]
    assert len(pools) > 3, pools
    # One more listens for changes, and one asks which server is the primary; PostgreSQL keeps three of its 100 for
    # superusers.
    each = sum(pools) + 2
    most = manifests["HorizontalPodAutoscaler"]["spec"]["maxReplicas"]
    surge = deployment["strategy"]["rollingUpdate"]["maxSurge"]
    assert (most + surge) * each <= 97, each
    assert service["deploy"]["replicas"] * each <= 97, each
    for page in ("docs/deployment.md", "docs/operations.md", "deploy/kubernetes/autoscaler.yaml", "deploy/helm/values.yaml"):
        assert re.search(rf"\b{each}\b", Path(page).read_text()), (page, each)


def only_the_balancer_is_open_and_trusted():
    assert [name for name, each in compose["services"].items() if "ports" in each] == ["balancer"]
    assert compose["services"]["balancer"]["ports"][0].startswith("${UNKEY_LISTEN:-127.0.0.1:")
    address = compose["services"]["balancer"]["networks"]["frontend"]["ipv4_address"]
    assert service["environment"]["UNKEY_TRUSTED_PROXIES"] == address
    assert compose["networks"]["backend"] == {"internal": True}


def the_unit_agrees_with_the_service():
    unit = Path("deploy/systemd/unkey.service").read_text()
    settings = dict(re.findall(r"^(\w+)=(.+)$", unit, re.MULTILINE))
    own = dict(entry.split("=", 1) for entry in settings["Environment"].split())
    assert own == {"NODE_ENV": "production", "UNKEY_DATA_DIR": f"/var/lib/{settings['StateDirectory']}"}
    [program] = re.findall(r"^ENTRYPOINT .*\"/app/(.+)\"", dockerfile, re.MULTILINE)
    assert settings["ExecStart"] == f"/usr/bin/node /opt/unkey/{program} serve"
    # The drain delay of the pods, the longest request and a margin.
    assert int(settings["TimeoutStopSec"]) == pod["terminationGracePeriodSeconds"]
    page = Path("docs/deployment.md").read_text()
    assert settings["EnvironmentFile"].lstrip("-") in page and settings["ExecStart"].split()[1].rsplit("/packages")[0] in page


checks.run([
    variables_are_known,
    no_secret_is_written_down,
    every_manifest_is_applied,
    all_objects_select_the_same_pods,
    the_port_is_the_images,
    the_probes_use_endpoints_that_exist,
    the_pod_meets_the_restricted_standard,
    a_stop_has_the_time_it_needs,
    postgres_has_enough_connections,
    only_the_balancer_is_open_and_trusted,
    the_unit_agrees_with_the_service,
])
