"""JSON that a page can hold."""

import json
from typing import Any

# Nothing that an element or a comment could begin or end with; and two ends of lines that scripts once had of their
# own. Within JSON's strings, the only place where they can stand, each is the same character in another spelling.
_IN_A_SCRIPT = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def as_script(data: dict[str, Any]) -> str:
    """JSON that can stand in a script element, whatever its strings hold."""
    return json.dumps(data, ensure_ascii=False).translate(_IN_A_SCRIPT)
