package io.github.llmpolicyengine;

/** What is decided, weakest first. */
public enum Effect {
    /** The request passes. */
    ALLOW,
    /** The request is refused for a while. */
    THROTTLE,
    /** A human is asked. */
    REQUIRE_APPROVAL,
    /** The request is refused. */
    DENY;

    /** The effect of this number of the native library; whatever is unknown is a deny. */
    static Effect of(int number) {
        return switch (number) {
            case 1 -> ALLOW;
            case 2 -> THROTTLE;
            case 3 -> REQUIRE_APPROVAL;
            default -> DENY;
        };
    }
}
