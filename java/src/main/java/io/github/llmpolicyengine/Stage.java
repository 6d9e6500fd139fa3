package io.github.llmpolicyengine;

/** A stage of a turn. */
public enum Stage {
    /** Before the request goes to the model. */
    REQUEST("request"),
    /** Before the answer goes to the user. */
    RESPONSE("response"),
    /** Before a tool is called. */
    TOOL_CALL("tool_call"),
    /** Before the tool's result goes to the model. */
    TOOL_RESULT("tool_result");

    private final String wireName;

    Stage(String wireName) {
        this.wireName = wireName;
    }

    /** The name in policies and decisions: {@code tool_call}. */
    public String wireName() {
        return wireName;
    }
}
