//! Provider bodies: what OpenAI, Anthropic and others are sent, as contexts of the engine.
