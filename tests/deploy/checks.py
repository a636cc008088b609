"""What the checks of the deployment files share."""

from collections.abc import Callable
from pathlib import Path

import yaml

kubernetes = Path("deploy/kubernetes")


def kustomization() -> dict:
    return yaml.safe_load((kubernetes / "kustomization.yaml").read_text())


def manifests() -> dict:
    """The Kubernetes objects, by kind."""
    files = (file for file in kubernetes.glob("*.yaml") if file.name != "kustomization.yaml")
    return {each["kind"]: each for each in (yaml.safe_load(file.read_text()) for file in files)}


def run(checks: list[Callable[[], None]], prefix: str = "") -> None:
    """Runs all checks, prints their names and counts, and exits with 1 if one fails."""
    failed = 0
    for each in checks:
        name = prefix + each.__name__.replace("_", " ")
        try:
            each()
            print(f"  ok    {name}")
        except AssertionError as error:
            failed += 1
            print(f"  FAIL  {name} {error}")
    print(f"{len(checks) - failed} passed, {failed} failed")
    raise SystemExit(failed > 0)
