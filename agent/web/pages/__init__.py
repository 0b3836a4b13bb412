"""Pages for people: rendered here, read-only, without anything from elsewhere.

`views`, `finding_views` and `log_views` say what each page tells, from modules that read the log;
`render` gives it its form. No page has a script but those on which a browser checks the log by
itself.
"""

from __future__ import annotations

from agent.web.pages.routes import router

__all__ = ["router"]
