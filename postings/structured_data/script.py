"""JSON that a page can hold."""

import json
from typing import Any

# Nothing that an element or a comment could begin or end with; and two ends of lines that scripts once had of their
# own. Within JSON's strings, the only place where they can stand, each is the same character in another spelling.
_IN_A_SCRIPT = {sign: f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}
_encode = json.JSONEncoder(ensure_ascii=False).encode


def as_script(data: dict[str, Any]) -> str:
    """JSON that can stand in a script element, whatever its strings hold."""
    script = _encode(data)
    # One after the other, for most of them are rare, and to look for one takes hardly any time.
    for sign, spelling in _IN_A_SCRIPT.items():
        script = script.replace(sign, spelling)
    return script
