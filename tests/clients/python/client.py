"""Both halves of the published client, sync and async, behind one way to call them."""

import asyncio
import inspect
from importlib.metadata import version

from unkey.py import Unkey
from unkey.py.basesdk import BaseSDK

VERSION = version("unkey.py")
IS_OLD = VERSION.startswith("2.")

SHELVES = ("apis", "identities", "keys", "permissions", "ratelimit")

# Of the newest client, and newer than the contract.
NOT_SERVED = {"permissions.update_permission", "permissions.update_role"}


def methods():
    """Every method of the shelves, found in the client itself: `keys.create_key`."""
    client = Unkey(root_key="unused")
    for shelf in SHELVES:
        members = inspect.getmembers(type(getattr(client, shelf)), inspect.isfunction)
        for name, _ in members:
            if name.startswith("_") or name.endswith("_async") or hasattr(BaseSDK, name):
                continue
            yield f"{shelf}.{name}"


class Caller:
    """Calls methods by name, sync or async, and remembers which were answered."""

    def __init__(self, mode, url, root_key):
        self.mode = mode
        self.loop = asyncio.new_event_loop() if mode == "async" else None
        self.client = Unkey(root_key=root_key, server_url=url, retry_config=None)
        self.answered = set()

    def __call__(self, method, **arguments):
        shelf, name = method.split(".")
        room = getattr(self.client, shelf)
        if self.loop is None:
            answer = getattr(room, name)(**arguments)
        else:
            answer = self.loop.run_until_complete(getattr(room, f"{name}_async")(**arguments))
        self.answered.add(method)
        return answer


def envelope(answer):
    """Of lists that the client pages, the first page's envelope; else the answer itself."""
    return getattr(answer, "result", answer)
