"""Every query of the Grafana dashboard as a recording rule, for promtool to parse: Grafana's variables get a value."""

import json
from pathlib import Path

dashboard = json.loads(Path("deploy/grafana/dashboard.json").read_text())
queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
assert len(queries) > 20, len(queries)
values = {"$__rate_interval": "5m", "$job": "unkey"}
rules = []
for number, query in enumerate(queries):
    for name, value in values.items():
        query = query.replace(name, value)
    assert "$" not in query, query
    rules.append({"record": f"dashboard:query:{number}", "expr": query})
print(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
