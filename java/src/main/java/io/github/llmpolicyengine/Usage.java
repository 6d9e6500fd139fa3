package io.github.llmpolicyengine;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What an answer says that its request used.
 *
 * @param inputTokens all tokens that were read, cached ones among them
 * @param outputTokens all tokens that were written, reasoning among them
 * @param cachedTokens of the input, those that came from the provider's cache
 * @param reasoningTokens of the output, those of the reasoning
 */
public record Usage(long inputTokens, long outputTokens, long cachedTokens, long reasoningTokens) {
    /** Without cached tokens and reasoning. */
    public Usage(long inputTokens, long outputTokens) {
        this(inputTokens, outputTokens, 0, 0);
    }

    Map<String, Object> fields() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("input_tokens", inputTokens);
        fields.put("output_tokens", outputTokens);
        fields.put("cached_tokens", cachedTokens);
        fields.put("reasoning_tokens", reasoningTokens);
        return fields;
    }
}
