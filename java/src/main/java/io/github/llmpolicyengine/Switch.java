package io.github.llmpolicyengine;

import java.time.Instant;
import java.util.List;

/**
 * A circuit breaker that is switched off: {@link Engine#switches}.
 *
 * @param breaker its name, as {@code namespace/document/breaker}
 * @param key the values of its key; empty: all of them
 * @param reason what decisions show
 * @param until when it ends; null: not by itself
 */
public record Switch(String breaker, List<String> key, String reason, Instant until) {
    static Switch of(Tree tree) {
        String until = tree.text("until");
        return new Switch(tree.text("breaker"), tree.texts("key"), tree.text("reason"),
                until == null ? null : Instant.parse(until));
    }
}
