package io.github.llmpolicyengine;

import java.time.Instant;
import java.util.List;

/**
 * How a limit stands after a request; of one that was refused or only tried, how it would stand. Amounts are dollars, tokens or
 * requests, as the unit says.
 *
 * @param policy the document, as {@code namespace/name}
 * @param limit its name
 * @param kind {@code budget}, {@code quota}, {@code rate}, {@code concurrency}, or {@code open}: the bound of requests under way of
 *     another limit
 * @param unit {@code USD}, {@code tokens} or {@code requests}
 * @param key whom it counts for
 * @param amount what may be used at most at a time
 * @param used what is used
 * @param reserved of what is used, what requests that are under way hold
 * @param remaining what is left
 * @param cost what this request costs, as it is estimated
 * @param fits whether the request has room here
 * @param resetsAt when the limit counts anew; null when its window has no end
 * @param retryAfterMs milliseconds until the request would have room; null when it has, and when that cannot be said
 * @param reached the shares of the steps that are in force: 0.75 is 75%
 * @param alerts of these, those that this request was the first to reach in this window: what an alert goes by
 * @param shadow whether it is only observed
 */
public record LimitState(
        String policy,
        String limit,
        String kind,
        String unit,
        List<String> key,
        double amount,
        double used,
        double reserved,
        double remaining,
        double cost,
        boolean fits,
        Instant resetsAt,
        Long retryAfterMs,
        List<Double> reached,
        List<Double> alerts,
        boolean shadow) {

    static LimitState of(Tree tree) {
        String resetsAt = tree.text("resets_at");
        return new LimitState(tree.text("policy"), tree.text("limit"), tree.text("kind"), tree.text("unit"),
                tree.texts("key"), tree.decimal("amount"), tree.decimal("used"), tree.decimal("reserved"),
                tree.decimal("remaining"), tree.decimal("cost"), tree.bool("fits"),
                resetsAt == null ? null : Instant.parse(resetsAt),
                tree.has("retry_after_ms") ? tree.number("retry_after_ms", 0) : null, tree.decimals("reached"),
                tree.decimals("alerts"), tree.bool("shadow"));
    }
}
