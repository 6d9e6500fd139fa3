package io.github.llmpolicyengine;

/** What became of a call to a model or a tool, for circuit breakers. */
public enum CallOutcome {
    /** There was an answer. */
    SUCCESS("success"),
    /** It failed or timed out, through no fault of the caller. */
    FAILURE("failure"),
    /** It says nothing about the one who was called, such as a request that was wrong. */
    IGNORED("ignored");

    private final String wireName;

    CallOutcome(String wireName) {
        this.wireName = wireName;
    }

    /** The name in every language: {@code failure}. */
    public String wireName() {
        return wireName;
    }
}
