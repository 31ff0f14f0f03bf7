"""Which requests are LLM calls, and who answers them."""

from __future__ import annotations

import pytest

from llmwatch.capture._endpoints import is_suspicious, match, provider_of

OPENAI = "api.openai.com"
CALLS = [
    (OPENAI, "/v1/chat/completions", "chat", "chat"),
    (OPENAI, "/v1/responses", "chat", "responses"),
    (OPENAI, "/v1/responses/compact", "chat", "responses"),
    (OPENAI, "/v1/completions", "text_completion", "chat"),
    (OPENAI, "/v1/embeddings", "embeddings", "plain"),
    (OPENAI, "/v1/images/generations", "image_generation", "plain"),
    (OPENAI, "/v1/images/edits", "image_generation", "plain"),
    (OPENAI, "/v1/images/variations", "image_generation", "plain"),
    (OPENAI, "/v1/audio/speech", "speech", "plain"),
    (OPENAI, "/v1/audio/transcriptions", "transcription", "plain"),
    (OPENAI, "/v1/audio/translations", "transcription", "plain"),
    (OPENAI, "/v1/moderations", "moderation", "plain"),
    ("x.openai.azure.com", "/openai/deployments/d/chat/completions", "chat", "chat"),
    ("x.openai.azure.com", "//openai/deployments/d/chat/completions?api-version=1", "chat", "chat"),
    ("x.openai.azure.com", "/openai/v1/responses", "chat", "responses"),
    ("x.services.ai.azure.com", "/models/chat/completions", "chat", "chat"),
    ("api.groq.com", "/openai/v1/chat/completions", "chat", "chat"),
    ("api.z.ai", "/api/paas/v4/chat/completions", "chat", "chat"),
    ("localhost", "/chat/completions/", "chat", "chat"),
    ("bedrock-mantle.us-east-1.api.aws", "/openai/v1/responses", "chat", "responses"),
    ("bedrock-runtime.us-east-1.amazonaws.com", "/openai/v1/chat/completions", "chat", "chat"),
    ("bedrock-runtime.us-east-1.amazonaws.com", "/model/anthropic.claude-x/invoke", "chat",
     "anthropic"),
    ("api.anthropic.com", "/v1/messages?beta=true", "chat", "anthropic"),
    ("generativelanguage.googleapis.com", "/v1beta/models/gemini-2.5-flash:generateContent",
     "generate_content", "gemini"),
    ("generativelanguage.googleapis.com", "/v1beta/models/g:streamGenerateContent?alt=sse",
     "generate_content", "gemini"),
    ("generativelanguage.googleapis.com", "/v1beta/models/e:batchEmbedContents", "embeddings",
     "gemini"),
    ("us-central1-aiplatform.googleapis.com",
     "/v1/projects/p/locations/l/publishers/google/models/g:generateContent",
     "generate_content", "gemini"),
    ("us-east5-aiplatform.googleapis.com",
     "/v1/projects/p/locations/l/publishers/anthropic/models/claude-x:streamRawPredict",
     "chat", "anthropic"),
    ("api.mistral.ai", "/v1/fim/completions", "text_completion", "chat"),
    ("api.mistral.ai", "/v1/agents/completions", "chat", "chat"),
    ("api.cohere.com", "/v2/chat", "chat", "cohere"),
    ("api.cohere.com", "/v1/embed", "embeddings", "cohere"),
    ("localhost", "/api/chat", "chat", "ollama"),
    ("localhost", "/api/generate", "text_completion", "ollama"),
    ("localhost", "/api/embed", "embeddings", "ollama"),
]  # fmt: skip
NO_CALLS = [
    "/v1/models", "/v1/files", "/v1/batches", "/v1/batches/b_1/cancel", "/v1/threads",
    "/v1/threads/t_1/messages", "/v1/threads/t_1/runs", "/v1/assistants", "/v1/vector_stores",
    "/v1/messages/count_tokens", "/v1/messages/batches", "/v1/responses/input_tokens",
    "/v1/responses/resp_1/cancel", "/v1/chat/completions/chatcmpl_1", "/v1/conversations",
    "/v1/fine_tuning/jobs", "/v1/uploads", "/v1beta/models/g:countTokens", "/v1beta/cachedContents",
    "/", "",
]  # fmt: skip


@pytest.mark.parametrize(("host", "path", "operation", "dialect"), CALLS)
def test_a_call_is_known_by_the_end_of_its_path(host, path, operation, dialect):
    """Prefixes, doubled slashes and queries of gateways do not hide a call."""
    found = match("POST", host, path.encode())
    assert (found.operation, found.dialect) == (operation, dialect)


@pytest.mark.parametrize("path", NO_CALLS)
def test_files_jobs_counts_and_listings_are_no_calls(path):
    """What costs no tokens is no call, and is not reported as a missed one."""
    kind = "application/json"
    assert match("POST", OPENAI, path.encode()) is None
    assert not is_suspicious("POST", OPENAI, path.encode(), kind)


@pytest.mark.parametrize("method", ["GET", "DELETE", "HEAD"])
def test_only_a_post_is_a_call(method):
    """Listing stored completions looks the same but for its method."""
    assert match(method, OPENAI, b"/v1/chat/completions") is None
    assert not is_suspicious(method, OPENAI, b"/v1/unheard_of", "application/json")


@pytest.mark.parametrize("path", [b"/messages", b"/api/v1/responses", b"/api/chat", b"/v2/chat"])
def test_a_path_that_others_use_is_ambiguous(path):
    """On an unknown host such a path is a call only if it names a model."""
    assert match("POST", "hooks.example.com", path).ambiguous


def test_a_known_host_settles_the_doubt():
    """OpenAI's stored prompts send no model, and are calls all the same."""
    assert not match("POST", OPENAI, b"/v1/responses").ambiguous
    assert not match("POST", "api.anthropic.com", b"/v1/messages").ambiguous


def test_an_unknown_path_of_a_model_host_is_suspicious():
    """What the table does not know yet is counted rather than overlooked."""
    kind = "application/json; charset=utf-8"
    assert is_suspicious("POST", OPENAI, b"/v1/videos", kind)
    for path in (
        b"/v1/conversations",
        b"/v1/conversations/conv_1/restart",
    ):  # there a model answers
        assert is_suspicious("POST", "api.mistral.ai", path, kind)
        assert not is_suspicious("POST", OPENAI, path, kind)
    assert is_suspicious("POST", "api.cohere.com", b"/v2/rerank", kind)
    assert is_suspicious("POST", "llm.example.com", b"/generate", kind)
    assert is_suspicious("POST", "x", b"/publishers/google/models/imagen-4:predict", kind)


def test_ordinary_requests_are_not_suspicious():
    """A telling path is needed on a host that is no model's."""
    kind = "application/json"
    assert not is_suspicious("POST", "api.example.com", b"/v1/users", kind)
    assert not is_suspicious("POST", "api.twilio.com", b"/messages", kind)
    assert not is_suspicious("POST", "llm.example.com", b"/generate", "text/html")
    assert not is_suspicious("POST", "x", b"/crewai/api/v1/tracing/batches/1/events", kind)


def test_matching_many_paths_keeps_the_memory_bounded():
    """Ids in paths do not pile up, and known paths are found afterwards."""
    from llmwatch.capture import _endpoints

    for number in range(5000):
        match("POST", OPENAI, f"/v1/things/{number}".encode())
    assert len(_endpoints._known) <= 2048
    assert match("POST", OPENAI, b"/v1/embeddings") is not None


@pytest.mark.parametrize(("host", "path", "provider"), [
    ("api.openai.com", "/v1/chat/completions", "openai"),
    ("eu.api.openai.com", "/v1/chat/completions", "openai"),
    ("x.openai.azure.com", "/openai/v1/responses", "azure.ai.openai"),
    ("x.services.ai.azure.com", "/models/chat/completions", "azure.ai.inference"),
    ("API.Anthropic.com", "/v1/messages", "anthropic"),
    ("bedrock-runtime.us-east-1.amazonaws.com", "/model/m/invoke", "aws.bedrock"),
    ("bedrock-mantle.us-east-1.api.aws", "/v1/responses", "aws.bedrock"),
    ("generativelanguage.googleapis.com", "/v1beta/models/g:generateContent", "gcp.gemini"),
    ("us-central1-aiplatform.googleapis.com", "/v1/x", "gcp.vertex_ai"),
    ("api.mistral.ai", "/v1/chat/completions", "mistral_ai"),
    ("api.x.ai", "/v1/chat/completions", "x_ai"),
    ("openrouter.ai", "/api/v1/chat/completions", "openrouter"),
    ("api.novita.ai", "/v3/openai/chat/completions", "novita"),
    ("llm.example.co.uk", "/v1/chat/completions", "example"),
    ("localhost", "/v1/chat/completions", "local"),
    ("localhost:11434", "/v1/chat/completions", "ollama"),
    ("[::1]:11434", "/v1/chat/completions", "ollama"),
    ("[::1]", "/v1/chat/completions", "local"),
    ("localhost", "/api/chat", "ollama"),
    ("127.0.0.1", "/v1/chat/completions", "local"),
    ("192.168.0.7:8000", "/v1/chat/completions", "local"),
    ("::1", "/v1/chat/completions", "local"),
    ("8.8.8.8", "/v1/chat/completions", "8.8.8.8"),
    ("gpu-box", "/v1/chat/completions", "local"),
])  # fmt: skip
def test_the_provider_is_named_as_the_field_names_it(host, path, provider):
    """OpenTelemetry's name where there is one, else the name the host is registered under."""
    assert provider_of(host, path) == provider


def test_a_host_that_only_ends_like_a_provider_is_not_it():
    """`evilapi.openai.com.example` and `myapi.openai.com` are told apart by whole labels."""
    assert provider_of("api.openai.com.example.net", "/") == "example"
    assert provider_of("notapi.x.ai", "/") == "x"
