package io.github.llmpolicyengine;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What was decided, and why.
 *
 * <p>{@link #code} and {@link #publicMessage} may go to end users; the reason and the lists may not. The lists are read from
 * {@link #canonicalJson} when they are asked for: whoever needs one twice keeps it.
 *
 * @param effect what is decided
 * @param reason why, for operators
 * @param code a stable name of the reason; null when there is none
 * @param publicMessage what end users may read; null when no rule says something to them
 * @param policy the document that decided; null when none did
 * @param rule the rule that decided; null when none did
 * @param retryAfterMs how long to wait when throttled, in milliseconds; null otherwise
 * @param shadowEffect what would be decided with all rules in shadow in force; null when no rule is
 * @param canonicalJson the whole decision in canonical form (RFC 8785), the same bytes in every language
 * @param limitsJson how each limit stands that applies to the request, as a list in canonical JSON; it varies from run to run, so
 *     it is no part of the canonical form
 * @param hold what is held for the request, for {@link Engine#settle} and its like, here or in another process that has the same
 *     store; null when nothing is
 */
public record Decision(
        Effect effect,
        String reason,
        String code,
        String publicMessage,
        String policy,
        String rule,
        Long retryAfterMs,
        Effect shadowEffect,
        String canonicalJson,
        String limitsJson,
        String hold) {

    /**
     * A rule that had a say.
     *
     * @param policy its document
     * @param rule its id
     * @param actions the names of its actions
     * @param failed whether its condition failed
     * @param exception the exception that suspended it; null when none did
     * @param variant its variant of a rollout; null when there is none
     */
    public record Match(
            String policy, String rule, List<String> actions, boolean failed, String exception, String variant) {}

    /**
     * Something that the host is asked to carry out.
     *
     * @param action the name: {@code redact}, {@code audit}
     * @param params its parameters
     * @param policy the document that asks for it
     * @param rule the rule that asks for it; null when none does
     * @param limit the limit that asks for it; null when none does
     * @param breaker the circuit breaker that asks for it; null when none does
     */
    public record Obligation(
            String action, Map<String, Object> params, String policy, String rule, String limit, String breaker) {
        static Obligation of(Tree tree) {
            return new Obligation(tree.text("action"), tree.tree("params").fields(), tree.text("policy"),
                    tree.text("rule"), tree.text("limit"), tree.text("breaker"));
        }
    }

    /**
     * A warning.
     *
     * @param message what it says
     * @param policy the document
     * @param rule the rule; null when a limit warns
     * @param limit the limit; null when a rule warns
     */
    public record Warning(String message, String policy, String rule, String limit) {}

    /**
     * What failed in a rule.
     *
     * @param policy the document
     * @param rule the rule
     * @param exception the exception whose condition failed; null when it was the rule's own
     * @param clause the part of the condition; null when it is not known
     * @param path the field; null when it is not about one
     * @param cause what failed
     */
    public record RuleError(
            String policy, String rule, String exception, String clause, String path, String cause) {}

    /**
     * Where the request goes instead.
     *
     * @param model the model; null when it stays
     * @param provider the provider; null when it stays
     */
    public record Route(String model, String provider) {}

    /** Whether the request passes. Obligations may be left to carry out: those that the host declared. */
    public boolean allowed() {
        return effect == Effect.ALLOW;
    }

    /** The limit that decided; null when none did. */
    public String limit() {
        return tree().text("limit");
    }

    /** The circuit breaker that decided; null when none did. */
    public String breaker() {
        return tree().text("breaker");
    }

    /** How each limit stands that applies to the request. */
    public List<LimitState> limits() {
        return Reply.parse("{\"limits\":" + limitsJson + "}").list("limits", LimitState::of);
    }

    /** What detectors found for rules that had a say; perhaps not all. */
    public List<DetectorFinding> findings() {
        return tree().list("findings", DetectorFinding::of);
    }

    /** The rules that had a say. */
    public List<Match> matched() {
        return tree().list("matched", tree -> new Match(tree.text("policy"), tree.text("rule"), tree.texts("actions"),
                tree.bool("failed"), tree.text("exception"), tree.text("variant")));
    }

    /** What the host is asked to carry out, redactions aside. */
    public List<Obligation> obligations() {
        return tree().list("obligations", Obligation::of);
    }

    /** What is to be redacted. */
    public List<Obligation> redactions() {
        return tree().list("redactions", Obligation::of);
    }

    /** The warnings, most important first. */
    public List<Warning> warnings() {
        return tree().list("warnings",
                tree -> new Warning(
                        tree.text("message"), tree.text("policy"), tree.text("rule"), tree.text("limit")));
    }

    /** What failed. */
    public List<RuleError> errors() {
        return tree().list("errors", tree -> new RuleError(tree.text("policy"), tree.text("rule"),
                tree.text("exception"), tree.text("clause"), tree.text("path"), tree.text("cause")));
    }

    /** Where the request goes instead. */
    public Optional<Route> route() {
        Tree route = tree().tree("route");
        return route.fields().isEmpty()
                ? Optional.empty()
                : Optional.of(new Route(route.text("model"), route.text("provider")));
    }

    /** The approval that is asked for. */
    public Optional<Obligation> approval() {
        Tree tree = tree();
        return tree.has("approval") ? Optional.of(Obligation.of(tree.tree("approval"))) : Optional.empty();
    }

    /** The digest of the documents that decided. */
    public String bundle() {
        return tree().text("bundle");
    }

    /** The whole decision as maps and lists, by the names of the canonical form. */
    public Map<String, Object> toMap() {
        return tree().fields();
    }

    private Tree tree() {
        return Reply.parse(canonicalJson);
    }

    static Decision read(Reply reply) {
        Effect effect = Effect.of(reply.tag());
        int shadow = reply.tag();
        long retryAfter = reply.number();
        String reason = reply.text();
        String code = reply.text();
        String publicMessage = reply.text();
        String policy = reply.text();
        String rule = reply.text();
        String canonical = reply.text();
        String limits = reply.text();
        String hold = reply.text();
        return new Decision(effect, reason, code, publicMessage, policy, rule, retryAfter == -1 ? null : retryAfter,
                shadow == 0 ? null : Effect.of(shadow), canonical, limits == null ? "[]" : limits, hold);
    }

    /** The deny that stands for a decision that could not be made. */
    static Decision refused(String canonical, int code, String message) {
        String name = ErrorCode.of(code).wireName();
        String json = canonical;
        if (json == null) {
            json = "{\"allowed\":false,\"code\":\"" + name + "\",\"effect\":\"deny\"}";
        }
        return new Decision(Effect.DENY, message, name, null, null, null, null, null, json, "[]", null);
    }
}
