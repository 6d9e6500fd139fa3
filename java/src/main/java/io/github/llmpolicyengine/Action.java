package io.github.llmpolicyengine;

/** An action that a host declares to carry out: see {@link Options#handles}. */
public enum Action {
    /** Texts are redacted. */
    REDACT("redact"),
    /** Fields are set. */
    SET("set"),
    /** The request goes to another model. */
    ROUTE("route"),
    /** A human is asked. */
    REQUIRE_APPROVAL("require_approval"),
    /** What the house's own handlers do. */
    CUSTOM("custom");

    private final String wireName;

    Action(String wireName) {
        this.wireName = wireName;
    }

    /** The name in policies and decisions: {@code require_approval}. */
    public String wireName() {
        return wireName;
    }

    /**
     * The action that a host declares of this name: {@link #wireName}.
     *
     * @throws PolicyException.InvalidArgument when there is none
     */
    public static Action of(String wireName) throws PolicyException {
        for (Action known : values()) {
            if (known.wireName.equals(wireName)) {
                return known;
            }
        }
        throw PolicyException.of(ErrorCode.INVALID_ARGUMENT,
                "there is no action that a host declares `" + wireName + "`: they are redact, set, route, require_approval and custom", Tree.of(null), null);
    }
}
