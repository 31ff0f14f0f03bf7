"""Who answers at a host: OpenTelemetry's name for it, else the host's own."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

__all__ = ["is_llm_host", "provider_of"]

# The end of a host name, in the order in which it is tried.
_HOSTS: tuple[tuple[str, str], ...] = (
    ("api.openai.com", "openai"),
    ("openai.azure.com", "azure.ai.openai"),
    ("cognitiveservices.azure.com", "azure.ai.openai"),
    ("services.ai.azure.com", "azure.ai.inference"),
    ("inference.ai.azure.com", "azure.ai.inference"),
    ("models.ai.azure.com", "azure.ai.inference"),
    ("models.github.ai", "azure.ai.inference"),
    ("api.anthropic.com", "anthropic"),
    ("amazonaws.com", "aws.bedrock"),
    ("api.aws", "aws.bedrock"),
    ("generativelanguage.googleapis.com", "gcp.gemini"),
    ("aiplatform.googleapis.com", "gcp.vertex_ai"),
    ("api.mistral.ai", "mistral_ai"),
    ("codestral.mistral.ai", "mistral_ai"),
    ("api.cohere.com", "cohere"),
    ("api.cohere.ai", "cohere"),
    ("api.groq.com", "groq"),
    ("api.deepseek.com", "deepseek"),
    ("api.x.ai", "x_ai"),
    ("api.perplexity.ai", "perplexity"),
    ("ml.cloud.ibm.com", "ibm.watsonx.ai"),
    ("openrouter.ai", "openrouter"),
    ("api.together.xyz", "together"),
    ("api.together.ai", "together"),
    ("api.fireworks.ai", "fireworks"),
    ("api.cerebras.ai", "cerebras"),
    ("router.huggingface.co", "huggingface"),
    ("api-inference.huggingface.co", "huggingface"),
    ("api.z.ai", "zai"),
    ("api.moonshot.ai", "moonshot"),
    ("api.moonshot.cn", "moonshot"),
    ("dashscope.aliyuncs.com", "dashscope"),
    ("dashscope-intl.aliyuncs.com", "dashscope"),
    ("api.sambanova.ai", "sambanova"),
    ("api.deepinfra.com", "deepinfra"),
    ("integrate.api.nvidia.com", "nvidia"),
    ("api.voyageai.com", "voyageai"),
    ("api.jina.ai", "jina"),
    ("api.replicate.com", "replicate"),
    ("ollama.com", "ollama"),
    ("snowflakecomputing.com", "snowflake"),
)
# Hosts that serve much besides models say nothing by themselves.
_GENERAL = frozenset({"amazonaws.com", "snowflakecomputing.com", "api.aws"})
_OLLAMA_PATHS = ("/api/chat", "/api/generate", "/api/embed", "/api/embeddings")
_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "gov", "net", "org"})


def provider_of(host: str, path: str) -> str:
    """The `gen_ai.provider.name` of a host, or the name that it is registered under.

    A machine of one's own is `ollama` where port or path say so, else `local`.
    """
    return _provider_of(host.lower(), path.partition("?")[0])


@lru_cache(maxsize=512)
def _provider_of(host: str, path: str) -> str:
    has_port = host.count(":") == 1 or "]:" in host
    name, _, port = host.rpartition(":") if has_port else (host, "", "")
    known = _known(name)
    if known is not None:
        return known[1]
    if _is_local(name):
        return "ollama" if port == "11434" or path.endswith(_OLLAMA_PATHS) else "local"
    return _registered(name)


@lru_cache(maxsize=512)
def is_llm_host(host: str) -> bool:
    """Whether a host is known to serve models and little else."""
    known = _known(host.lower())
    return known is not None and (known[0] not in _GENERAL or host.startswith("bedrock"))


def _known(host: str) -> tuple[str, str] | None:
    for end, provider in _HOSTS:
        if host == end or host.endswith(("." + end, "-" + end)):
            return end, provider
    return None


def _is_local(host: str) -> bool:
    if host in ("localhost", "host.docker.internal", "") or "." not in host.strip("[]:"):
        return True
    if host.endswith((".localhost", ".local", ".internal", ".lan")):
        return True
    address = _address(host)
    return address is not None and not address.is_global


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def _registered(host: str) -> str:
    if _address(host) is not None:
        return host
    labels = host.strip(".").split(".")
    if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL:
        labels.pop()
    return labels[-2]
