package io.github.llmpolicyengine;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * What a request really used. What nobody knows (null) costs what was estimated.
 *
 * @param usage in tokens
 * @param model the one that answered, where it is not the one that was asked
 * @param cost in dollars; it counts before what the tokens cost by the table of prices
 * @param outcome what circuit breakers are told, as by {@link Engine#observe}
 * @param latency how long the call took; only with an outcome
 */
public record Used(Usage usage, String model, Double cost, CallOutcome outcome, Duration latency) {
    /** These tokens. */
    public static Used of(Usage usage) {
        return new Used(usage, null, null, null, null);
    }

    /** So many dollars. */
    public static Used ofCost(double dollars) {
        return new Used(null, null, dollars, null, null);
    }

    /** The same, of a call of which this became; the latency may be null. */
    public Used with(CallOutcome outcome, Duration latency) {
        return new Used(usage, model, cost, outcome, latency);
    }

    Input input() {
        Map<String, Object> fields = outcome(outcome, latency);
        if (usage != null) {
            fields.put("usage", usage.fields());
        }
        if (model != null) {
            fields.put("model", model);
        }
        if (cost != null) {
            fields.put("cost", cost);
        }
        return Input.of(fields);
    }

    static Map<String, Object> outcome(CallOutcome outcome, Duration latency) {
        Map<String, Object> fields = new HashMap<>();
        if (outcome != null) {
            fields.put("outcome", outcome.wireName());
        }
        if (latency != null) {
            fields.put("latency_ms", latency.toNanos() / 1e6);
        }
        return fields;
    }
}
