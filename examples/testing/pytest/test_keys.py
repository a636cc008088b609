import json
import subprocess
import urllib.request

import pytest
from unkey.py import Unkey


@pytest.fixture(scope="session")
def emulator():
    # Not by npx, which would not end the emulator when it is terminated.
    unkey = "../node_modules/.bin/unkey"
    command = [unkey, "emulate", "--port", "0", "--frozen", "--seed", "../unkey.seed.yaml"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        # The first line ends with its address: "… on http://127.0.0.1:7071: in memory, for tests only".
        url = next(word for word in process.stdout.readline().split() if word.startswith("http")).rstrip(":")
        yield url
        process.terminate()


def control(url, name, **body):
    request = urllib.request.Request(f"{url}/emulator/{name}", data=json.dumps(body).encode())
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def test_a_trial_key_expires(emulator):
    control(emulator, "reset")
    with Unkey(root_key="unkey_emulator_root_key", server_url=emulator) as unkey:
        assert unkey.keys.verify_key(key="doc_trial").data.code == "VALID"
        control(emulator, "clock", advance="15d")
        assert unkey.keys.verify_key(key="doc_trial").data.code == "EXPIRED"
