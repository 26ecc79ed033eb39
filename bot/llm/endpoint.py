"""One model's endpoint, asked with pydantic-ai. Loading this loads pydantic-ai and the OpenAI client.

Proxies of the environment are not used: a question may contain text of a private repository, so it is sent only to the
address in the settings, through the proxy in the settings if there is one.
"""

from urllib.parse import urlsplit

import httpx2
import pydantic_ai
from openai import AsyncOpenAI
from pydantic import BaseModel, SecretStr
from pydantic_ai import Agent, NativeOutput, PromptedOutput, UsageLimits
from pydantic_ai.exceptions import AgentRunError, ContentFilterError, OutputTokenLimitExceeded, UsageLimitExceeded
from pydantic_ai.models.ollama import OllamaModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.ollama import OllamaProvider
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from pydantic_ai.settings import ModelSettings as Wishes

from bot.config import ModelSettings
from bot.llm.outcome import Outcome, Unanswered
from bot.llm.prompt import Prompt
from bot.llm.transport import Gate
from bot.network import DIRECT, Network

RETRIES = 1
"""How often a model may correct an answer that does not match the schema."""
CONNECT_SECONDS = 10.0

_FORM = "Answer with one JSON object of this schema, and with nothing else:\n{schema}"
_NEWER_FIELD = ("openai.com", "openai.azure.com")
"""Hosts that use `max_completion_tokens` to limit an answer. All others know the older `max_tokens`."""
_IGNORES_SCHEMAS = ("ollama.com",)

# Keep the libraries' messages out of standard error.
pydantic_ai.BANNER_ENABLED = False


class Endpoint:
    """One model at its address."""

    def __init__(self, settings: ModelSettings, key: SecretStr, network: Network = DIRECT) -> None:
        limits = httpx2.Timeout(settings.seconds, connect=min(CONNECT_SECONDS, settings.seconds))
        gate = Gate(key, settings.url, network)
        self._http = httpx2.AsyncClient(transport=gate, timeout=limits, follow_redirects=False, trust_env=False)
        client = AsyncOpenAI(
            base_url=_root(settings), api_key="at-the-gate", http_client=self._http, timeout=limits, max_retries=0
        )
        self._model = _model(settings, client)
        self._wishes = Wishes(max_tokens=settings.max_tokens, framing_announcement="never")
        answers = 1 + RETRIES
        self._usage = UsageLimits(request_limit=answers, output_tokens_limit=answers * settings.max_tokens)

    async def answer(self, prompt: Prompt, form: type[BaseModel]) -> BaseModel:
        """Return the model's answer as an instance of `form`; the caller sets the timeout. Raises Unanswered."""
        enforced = self._model.profile.get("supports_json_schema_output", False)
        agent = Agent(
            self._model,
            # The prompt contains the schema even if the API enforces it: the model should know it.
            output_type=(NativeOutput if enforced else PromptedOutput)(form, template=_FORM),
            instructions=prompt.instructions,
            name="question",
            retries=RETRIES,
            model_settings=self._wishes,
        )
        try:
            return (await agent.run(prompt.material, usage_limits=self._usage)).output
        except ContentFilterError:
            raise Unanswered(Outcome.REFUSED, "it declined to answer") from None
        except OutputTokenLimitExceeded:
            raise Unanswered(Outcome.TOO_LONG, "its answer was too long") from None
        except UsageLimitExceeded:
            raise Unanswered(Outcome.USAGE, "it exceeded its token limit") from None
        except AgentRunError:
            raise Unanswered(Outcome.INVALID, "its answer does not match the schema") from None

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()


def _root(settings: ModelSettings) -> str:
    """Return the base URL; Ollama has the OpenAI API under `/v1`, and its own API at its root."""
    bare = settings.kind == "ollama" and not urlsplit(settings.url).path
    return f"{settings.url}/v1" if bare else settings.url


def _model(settings: ModelSettings, client: AsyncOpenAI) -> OpenAIChatModel:
    host = urlsplit(settings.url).hostname or ""
    profile = OpenAIModelProfile(
        openai_chat_supports_max_completion_tokens=settings.kind == "openai" and _within(host, _NEWER_FIELD),
        # Templates of local models often accept only one system message, at the beginning.
        openai_chat_supports_multiple_system_messages=False,
        may_tokenize_special_tokens_in_content=True,
    )
    if settings.kind == "openai":
        profile["supports_json_schema_output"] = True
        compatible = OpenAICompatibleProvider("openai-compatible", openai_client=client)
        return OpenAIChatModel(settings.model, provider=compatible, profile=profile)
    if _within(host, _IGNORES_SCHEMAS) or settings.model.endswith("-cloud"):
        profile["supports_json_schema_output"] = False
    return OllamaModel(settings.model, provider=OllamaProvider(openai_client=client), profile=profile)


def _within(host: str, domains: tuple[str, ...]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)
