"""What is kept, scrubbed: credentials by value and by pattern, images by a mark, text by length.

Everything here is linear in the text it looks at, and looks at little of a text that is cut: a
multi-megabyte prompt costs no more than its first kilobyte.
"""

from __future__ import annotations

from ._redactor import LOOKED_AT, Redactor, preview
from ._values import is_credential, secrets_of

__all__ = ["LOOKED_AT", "Redactor", "is_credential", "preview", "secrets_of"]
