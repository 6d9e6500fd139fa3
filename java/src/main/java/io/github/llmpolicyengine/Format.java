package io.github.llmpolicyengine;

import java.util.List;
import java.util.Objects;

/**
 * A provider's format, whose bodies are accepted as they are.
 *
 * @param wireName the name on the command line and in the documentation: {@code openai-chat}; one that the engine does not know
 *     is a {@link PolicyException.InvalidArgument} when a body is decided about
 */
public record Format(String wireName) {
    /** OpenAI chat completions. */
    public static final Format OPENAI_CHAT = new Format("openai-chat");
    /** OpenAI responses. */
    public static final Format OPENAI_RESPONSES = new Format("openai-responses");
    /** OpenAI completions. */
    public static final Format OPENAI_COMPLETIONS = new Format("openai-completions");
    /** OpenAI embeddings. */
    public static final Format OPENAI_EMBEDDINGS = new Format("openai-embeddings");
    /** Anthropic messages. */
    public static final Format ANTHROPIC = new Format("anthropic");
    /** Gemini generateContent. */
    public static final Format GEMINI = new Format("gemini");
    /** Bedrock Converse. */
    public static final Format BEDROCK = new Format("bedrock");
    /** Model Context Protocol: tool calls and their results. */
    public static final Format MCP = new Format("mcp");
    /** Agent2Agent: messages. */
    public static final Format A2A = new Format("a2a");

    /** All formats that this version knows. */
    public static final List<Format> ALL = List.of(OPENAI_CHAT, OPENAI_RESPONSES, OPENAI_COMPLETIONS, OPENAI_EMBEDDINGS,
            ANTHROPIC, GEMINI, BEDROCK, MCP, A2A);

    /** The format of this name. */
    public Format {
        Objects.requireNonNull(wireName, "wireName");
    }

    byte[] bytes() throws PolicyException {
        return Utf8.of(wireName);
    }
}
