"""The demo shop on standard input and output: ``python -m tests.mcp_stdio STATE CUSTOMER SCRIPT``.

As `python -m ui mcp` but for its model, which says what the script (JSON) has.
"""

import json
import sys
from pathlib import Path

from agent.cli import set_up
from agent.models.scripted import ScriptedModel
from tests.agent_shop import keeper, open_demo_services
from ui.mcp.command import person, serve_stdio


def main() -> None:
    set_up()
    state, customer, script = sys.argv[1:]
    with keeper(open_demo_services(Path(state)), ScriptedModel(script=json.loads(script))) as shopkeeper:
        serve_stdio(shopkeeper, person(shopkeeper, customer or None))


if __name__ == "__main__":
    main()
