package io.github.llmpolicyengine;

import java.nio.charset.StandardCharsets;

/** A provider's format, whose bodies are accepted as they are. */
public enum Format {
    /** OpenAI chat completions. */
    OPENAI_CHAT("openai-chat"),
    /** OpenAI responses. */
    OPENAI_RESPONSES("openai-responses"),
    /** OpenAI completions. */
    OPENAI_COMPLETIONS("openai-completions"),
    /** OpenAI embeddings. */
    OPENAI_EMBEDDINGS("openai-embeddings"),
    /** Anthropic messages. */
    ANTHROPIC("anthropic"),
    /** Gemini generateContent. */
    GEMINI("gemini"),
    /** Bedrock Converse. */
    BEDROCK("bedrock"),
    /** Model Context Protocol: tool calls and their results. */
    MCP("mcp"),
    /** Agent2Agent: messages. */
    A2A("a2a");

    private final String wireName;
    final byte[] bytes;

    Format(String wireName) {
        this.wireName = wireName;
        this.bytes = wireName.getBytes(StandardCharsets.US_ASCII);
    }

    /** The name on the command line and in the documentation: {@code openai-chat}. */
    public String wireName() {
        return wireName;
    }
}
