"""The API: what is in force, what the log knows, and the proofs of it; read-only."""

from agent.web.api.routes import router

__all__ = ["router"]
