"""Calls the published client, sync or async, through one interface."""

import asyncio
import inspect
from importlib.metadata import version

from unkey.py import Unkey
from unkey.py.basesdk import BaseSDK

VERSION = version("unkey.py")
IS_OLD = VERSION.startswith("2.")

RESOURCES = ("apis", "identities", "keys", "permissions", "ratelimit")

# Methods of the newest client that the contract does not have.
NOT_SERVED = {"permissions.update_permission", "permissions.update_role"}


def methods():
    """Every method of the resources, found by reflection: `keys.create_key`."""
    client = Unkey(root_key="unused")
    for resource in RESOURCES:
        members = inspect.getmembers(type(getattr(client, resource)), inspect.isfunction)
        for name, _ in members:
            if name.startswith("_") or name.endswith("_async") or hasattr(BaseSDK, name):
                continue
            yield f"{resource}.{name}"


class Caller:
    """Calls methods by name, sync or async, and records which succeeded."""

    def __init__(self, mode, url, root_key):
        self.mode = mode
        self.loop = asyncio.new_event_loop() if mode == "async" else None
        self.client = Unkey(root_key=root_key, server_url=url, retry_config=None)
        self.succeeded = set()

    def __call__(self, method, **arguments):
        resource, name = method.split(".")
        methods_of_resource = getattr(self.client, resource)
        if self.loop is None:
            response = getattr(methods_of_resource, name)(**arguments)
        else:
            response = self.loop.run_until_complete(getattr(methods_of_resource, f"{name}_async")(**arguments))
        self.succeeded.add(method)
        return response


def envelope(response):
    """The body of the response; for lists that the client pages, that of the first page."""
    return getattr(response, "result", response)
