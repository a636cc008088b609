"""The Helm chart: with its own values it renders the objects of deploy/kubernetes, and each value reaches its place.

python tests/deploy/chart.py FOLDER: also writes what it has rendered there, one object a file.
"""

import json
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import yaml
from checks import kustomization, manifests, run

chart = Path("deploy/helm")
out = Path(sys.argv[1])
own_values = yaml.safe_load((chart / "values.yaml").read_text())
about = yaml.safe_load((chart / "Chart.yaml").read_text())
program = out / "render-chart"


def render(values: dict, release: str = "unkey") -> dict:
    data = {"Values": values, "Release": {"Name": release}}
    done = subprocess.run([program, chart], input=json.dumps(data), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {each["kind"]: each for each in yaml.safe_load_all(done.stdout) if each}


def manifests_with_image() -> dict:
    """The Kubernetes objects with the image that kustomization puts in."""
    [image] = kustomization()["images"]
    found = manifests()
    [container] = found["Deployment"]["spec"]["template"]["spec"]["containers"]
    container["image"] = f"{image['newName']}:{image['newTag']}"
    return found


def the_objects_are_those_of_the_manifests():
    rendered = render(own_values)
    for kind, manifest in manifests_with_image().items():
        assert rendered.get(kind) == manifest, f"{kind} differs:\n{rendered.get(kind)}\n{manifest}"
    assert set(rendered) == set(manifests_with_image())
    for kind, each in rendered.items():
        (out / f"{kind}.yaml").write_text(yaml.safe_dump(each))


def every_value_reaches_its_place():
    values = deepcopy(own_values)
    values["image"] = {"repository": "registry.example/unkey", "tag": "2.0"}
    values["secretName"] = "secrets"
    values["settings"] = {"UNKEY_EVENTS": "off", "PORT": 7070}
    values["drainSeconds"] = 20
    values["autoscaler"] = {"minReplicas": 5, "maxReplicas": 9, "cpuPercent": 70}
    values["resources"] = {"limits": {"memory": "2Gi"}}
    values["networkPolicy"] = {"enabled": True, "postgresPort": 6432, "redisPort": 6380}
    rendered = render(values, "billing")
    pod = rendered["Deployment"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    environment = {entry["name"]: entry for entry in container["env"]}
    assert container["image"] == "registry.example/unkey:2.0"
    assert environment["DATABASE_URL"]["valueFrom"]["secretKeyRef"]["name"] == "secrets"
    assert environment["UNKEY_EVENTS"]["value"] == "off" and environment["PORT"]["value"] == "7070"
    assert environment["UNKEY_DRAIN_DELAY"]["value"] == "20s" and pod["terminationGracePeriodSeconds"] == 95
    assert container["resources"] == values["resources"]
    scaler = rendered["HorizontalPodAutoscaler"]["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (5, 9)
    assert scaler["metrics"][0]["resource"]["target"]["averageUtilization"] == 70
    ports = {port["port"] for rule in rendered["NetworkPolicy"]["spec"]["egress"] for port in rule["ports"]}
    assert ports == {53, 6432, 6380}
    for each in rendered.values():
        assert each["metadata"] == {"name": "billing", "labels": {"app.kubernetes.io/name": "billing"}}


def the_network_policy_can_be_left_out():
    rendered = render({**own_values, "networkPolicy": {"enabled": False}})
    assert set(rendered) == set(manifests_with_image()) - {"NetworkPolicy"}


def the_version_is_the_services():
    version = json.loads(Path("packages/cli/package.json").read_text())["version"]
    assert about["version"] == about["appVersion"] == own_values["image"]["tag"] == version


out.mkdir(parents=True, exist_ok=True)
subprocess.run(["go", "build", "-o", program, "tests/deploy/render-chart/main.go"], check=True)
checks = [
    the_objects_are_those_of_the_manifests,
    every_value_reaches_its_place,
    the_network_policy_can_be_left_out,
    the_version_is_the_services,
]
run(checks, "Helm chart: ")
